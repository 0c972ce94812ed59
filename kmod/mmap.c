// SPDX-License-Identifier: GPL-2.0
/*
 * The four regions of the ring in user space. Pages are handed out as they are
 * touched, each with a count of its own; the mapping holds the file, the file
 * the device, the device the pages.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "psxdet.h"

/* A region's size in bytes, its offset in *start; 0 where there is none */
static u64 region_of(const struct psx_file *file, u64 offset, u64 *start)
{
	static const u64 starts[] = {
		PSXDET_OFFSET_DATA, PSXDET_OFFSET_DESC, PSXDET_OFFSET_CONS, PSXDET_OFFSET_CTRL,
	};
	size_t i = 0;

	while (offset < starts[i])
		i++;
	*start = starts[i];
	switch (starts[i]) {
	case PSXDET_OFFSET_DATA:
		return file->psx->ring.bytes;
	case PSXDET_OFFSET_DESC:
		return PSX_RING_ENTRIES * sizeof(struct psxdet_desc);
	case PSXDET_OFFSET_CONS:
		return file->reader.cons ? PAGE_SIZE : 0;
	default:
		return PAGE_SIZE;
	}
}

static struct page *page_of(const struct psx_file *file, u64 offset)
{
	const struct psx_ring *ring = &file->psx->ring;
	u64 start, size = region_of(file, offset, &start);

	if (offset - start >= size)
		return NULL;
	switch (start) {
	case PSXDET_OFFSET_DATA:
		return psx_ring_page(ring, offset - start);
	case PSXDET_OFFSET_DESC:
		return vmalloc_to_page((void *)ring->desc + (offset - start));
	case PSXDET_OFFSET_CONS:
		return virt_to_page(file->reader.cons);
	default:
		return virt_to_page(ring->ctrl);
	}
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct page *page = page_of(vmf->vma->vm_private_data, (u64)vmf->pgoff << PAGE_SHIFT);

	if (!page)
		return VM_FAULT_SIGBUS;
	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct vm_ops = {
	.fault = fault,
};

int psx_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct psx_file *file = filp->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	bool cons = offset == PSXDET_OFFSET_CONS;
	u64 start, size;
	bool gone;

	/* Not VM_SHARED, which a file that is open read-only does not get */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	if (cons ? !file->writable : vma->vm_flags & VM_WRITE)
		return -EACCES;
	mutex_lock(&file->psx->service);
	size = region_of(file, offset, &start);
	gone = file->psx->gone;
	mutex_unlock(&file->psx->service);
	if (gone)
		return -ENODEV;
	if (!size || offset != start || vma->vm_end - vma->vm_start != size)
		return -EINVAL;
	vm_flags_mod(vma, VM_DONTEXPAND | VM_DONTDUMP,
		     VM_MAYEXEC | (cons ? 0 : VM_MAYWRITE));
	vma->vm_private_data = file;
	vma->vm_ops = &vm_ops;
	return 0;
}
