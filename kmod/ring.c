// SPDX-License-Identifier: GPL-2.0
/* The frame ring's memory, and how the device gets to know it. */
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "psxdet.h"

#define RING_BYTES_LEAST	(8ull << 20)
#define SEG_SHIFT_WANTED	18	/* blocks of 256 KiB are there on busy hosts */
/* A busy host may lack large blocks; it must not kill for them */
#define SEG_GFP			(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)
#define QUEUE_BYTES		(PSX_RING_ENTRIES * sizeof(struct psx_completion))
#define DESC_BYTES		(PSX_RING_ENTRIES * sizeof(struct psxdet_desc))

static void free_segment(struct psx_segment *seg, u32 shift)
{
	unsigned long i;

	for (i = 0; seg->page && i < 1ul << (shift - PAGE_SHIFT); i++)
		__free_page(seg->page + i);
	seg->page = NULL;
}

static void free_segments(struct psx_ring *ring)
{
	u32 i;

	for (i = 0; ring->seg && i < ring->segs; i++)
		free_segment(&ring->seg[i], ring->seg_shift);
	kvfree(ring->seg);
	ring->seg = NULL;
}

/*
 * Blocks are split into pages of their own count: whoever maps or pins one
 * keeps it, whatever becomes of the device.
 */
static int alloc_segments(struct psx_ring *ring, u32 shift)
{
	unsigned int order = shift - PAGE_SHIFT;
	u32 i;

	ring->seg_shift = shift;
	ring->segs = (u32)(ring->bytes >> shift);
	ring->seg = kvcalloc(ring->segs, sizeof(*ring->seg), GFP_KERNEL);
	if (!ring->seg)
		return -ENOMEM;
	for (i = 0; i < ring->segs; i++) {
		ring->seg[i].page = alloc_pages(SEG_GFP, order);
		if (!ring->seg[i].page) {
			free_segments(ring);
			return -ENOMEM;
		}
		split_page(ring->seg[i].page, order);
	}
	return 0;
}

int psx_ring_alloc(struct psx_device *psx)
{
	const struct psx_identity *id = &psx->id;
	struct psx_ring *ring = &psx->ring;
	u32 most = min_t(u32, id->seg_shift_max, ilog2(psx->ops->max_map(psx->hw)));
	u32 shift = min_t(u32, SEG_SHIFT_WANTED, most);
	int error = -ENOMEM;

	/* A payload that does not fit twice may never fit (docs/registers.md) */
	ring->bytes = roundup_pow_of_two(max_t(u64, 2ull * id->payload_max, RING_BYTES_LEAST));
	ring->ctrl = (void *)get_zeroed_page(GFP_KERNEL);
	ring->desc = vmalloc_user(DESC_BYTES);
	ring->start = kvcalloc(PSX_RING_ENTRIES, sizeof(*ring->start), GFP_KERNEL);
	ring->stamp = kvcalloc(PSX_RING_ENTRIES, sizeof(*ring->stamp), GFP_KERNEL);
	if (!ring->ctrl || !ring->desc || !ring->start || !ring->stamp)
		return -ENOMEM;
	while (shift < most && ring->bytes >> shift > id->segs_max)
		shift++;
	while (error && shift >= PAGE_SHIFT && ring->bytes >> shift <= id->segs_max)
		error = alloc_segments(ring, shift--);
	if (error)
		return dev_err_probe(psx->dev.parent, error, "no memory for a ring of %llu MiB\n",
				     ring->bytes >> 20);
	ring->ctrl->abi = PSXDET_ABI;
	ring->ctrl->ring_entries = PSX_RING_ENTRIES;
	ring->ctrl->ring_bytes = ring->bytes;
	ring->ctrl->width = id->width;
	ring->ctrl->height = id->height;
	return 0;
}

void psx_ring_free(struct psx_ring *ring)
{
	free_segments(ring);
	kvfree(ring->stamp);
	kvfree(ring->start);
	vfree(ring->desc);
	free_page((unsigned long)ring->ctrl);
}

struct page *psx_ring_page(const struct psx_ring *ring, u64 position)
{
	u64 within = position & ((1ull << ring->seg_shift) - 1);

	return ring->seg[position >> ring->seg_shift].page + (within >> PAGE_SHIFT);
}

static int map_segments(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	size_t bytes = 1ul << ring->seg_shift;
	int error;

	for (; ring->mapped < ring->segs; ring->mapped++) {
		struct psx_segment *seg = &ring->seg[ring->mapped];

		error = psx->ops->map(psx->hw, seg->page, bytes, &seg->address);
		if (error)
			return dev_err_probe(psx->dev.parent, error,
					     "cannot map %llu MiB for the device's DMA\n",
					     ring->bytes >> 20);
	}
	return 0;
}

static void tell_device(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	u32 i;

	psx_write(psx, PSX_REG_SEG_SHIFT, ring->seg_shift);
	psx_write(psx, PSX_REG_SEG_COUNT, ring->segs);
	for (i = 0; i < ring->segs; i++) {
		psx_write(psx, PSX_REG_SEG_SEL, i);
		psx_write64(psx, PSX_REG_SEG_ADDR_LO, ring->seg[i].address);
	}
	psx_write64(psx, PSX_REG_CQ_ADDR_LO, ring->queue_address);
	psx_write(psx, PSX_REG_CQ_SHIFT, PSX_RING_SHIFT);
	psx_write(psx, PSX_REG_RING_CTRL, 1);
}

int psx_ring_attach(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;
	int error;

	ring->queue = psx->ops->alloc_coherent(psx->hw, QUEUE_BYTES, &ring->queue_address);
	if (!ring->queue)
		return -ENOMEM;
	error = map_segments(psx);
	if (error)
		goto detach;
	tell_device(psx);
	mutex_lock(&psx->service);
	psx_ring_grant(psx);
	mutex_unlock(&psx->service);
	mutex_lock(&psx->control);
	error = psx_control_check(psx);
	mutex_unlock(&psx->control);
	if (!error)
		return 0;
	dev_err_probe(psx->dev.parent, error, "the device does not take its ring\n");
detach:
	psx_write(psx, PSX_REG_RING_CTRL, 0);
	psx->ops->quiesce(psx->hw);
	psx_ring_detach(psx);
	return error;
}

/* The device must be cut off by now */
void psx_ring_detach(struct psx_device *psx)
{
	struct psx_ring *ring = &psx->ring;

	while (ring->mapped) {
		ring->mapped--;
		psx->ops->unmap(psx->hw, 1ul << ring->seg_shift, ring->seg[ring->mapped].address);
	}
	psx->ops->free_coherent(psx->hw, QUEUE_BYTES, ring->queue, ring->queue_address);
	ring->queue = NULL;
}
