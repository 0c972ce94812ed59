// SPDX-License-Identifier: GPL-2.0
/*
 * One detector: the model, a thread in which its time passes, and what the
 * driver reaches it by. The model's time is its own: a thousand exposures of a
 * second pass as fast as they are computed, unless a rate is set.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "mock.h"
#include "../psx_regs.h"

#define SLOT_SHIFT	32	/* an address is slot << SLOT_SHIFT | offset */
#define LATE_MOST_NS	(100 * NSEC_PER_MSEC)

/* Memory that the model may reach */
struct mock_region {
	void *memory;
	size_t bytes;
};

struct mock_detector {
	struct mutex lock;		/* the model's calls; regions, kicked, framed, watchdog */
	struct psx_model *model;
	struct xarray regions;		/* struct mock_region by slot */
	bool kicked;			/* registers were written */
	bool framed;			/* a frame was made since the last look */
	struct mock_watchdog watchdog;
	u32 grant_low;			/* half of a grant, where they are forged */
	u64 fault_grant;		/* constant */
	wait_queue_head_t wait;
	struct task_struct *thread;
	u64 frame_ns;			/* of real time, 0 = unpaced; constant */
	u64 due;			/* of the next frame; the thread's own */

	struct work_struct irq_work;
	struct mutex irq_lock;		/* handler, arg; held while it is called */
	void (*handler)(void *arg);
	void *arg;
};

static void *host_alloc(void *context, size_t bytes)
{
	/* On the account of who shapes the bank, and no reason to kill */
	return __vmalloc(bytes, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_RETRY_MAYFAIL);
}

static void host_free(void *context, void *memory)
{
	vfree(memory);
}

static void *host_map(void *context, u64 address, size_t bytes)
{
	struct mock_detector *d = context;
	struct mock_region *region = xa_load(&d->regions, address >> SLOT_SHIFT);
	size_t offset = lower_32_bits(address);

	if (!region || offset > region->bytes || bytes > region->bytes - offset)
		return NULL;
	return region->memory + offset;
}

static void host_irq(void *context)
{
	struct mock_detector *d = context;

	queue_work(system_highpri_wq, &d->irq_work);
}

static void host_yield(void *context)
{
	cond_resched();
}

/* While a frame is computed, the driver may go on */
static void host_unlock(void *context)
{
	struct mock_detector *d = context;

	d->framed = true;
	mutex_unlock(&d->lock);
}

static void host_lock(void *context)
{
	struct mock_detector *d = context;

	mutex_lock(&d->lock);
}

static void irq_work(struct work_struct *work)
{
	struct mock_detector *d = container_of(work, struct mock_detector, irq_work);

	mutex_lock(&d->irq_lock);
	if (d->handler)
		d->handler(d->arg);
	mutex_unlock(&d->irq_lock);
}

static void kick(struct mock_detector *d)
{
	d->kicked = true;
	wake_up(&d->wait);
}

/* Real time until a frame may go on; under lock */
static u64 pace(struct mock_detector *d)
{
	u64 now = ktime_get_ns();

	if (!d->frame_ns)
		return 0;
	if (!(psx_model_read(d->model, PSX_REG_STATUS) & PSX_STATUS_RUNNING)) {
		d->due = now;
		return 0;
	}
	if (d->framed) {
		d->framed = false;
		d->due = max(d->due + d->frame_ns, now - LATE_MOST_NS);
	}
	return d->due > now ? d->due - now : 0;
}

/* Until registers are written, or for @wait */
static void sleep(struct mock_detector *d, u64 wait)
{
	if (wait == U64_MAX)
		wait_event_interruptible(d->wait, READ_ONCE(d->kicked) || kthread_should_stop());
	else
		wait_event_interruptible_hrtimeout(d->wait, READ_ONCE(d->kicked) ||
						   kthread_should_stop(), ns_to_ktime(wait));
}

static int run(void *arg)
{
	struct mock_detector *d = arg;
	u64 next, wait, left;

	while (!kthread_should_stop()) {
		mutex_lock(&d->lock);
		d->kicked = false;
		left = mock_watchdog_turn(&d->watchdog, d->model);
		next = psx_model_next_event(d->model);
		wait = pace(d);
		if (next == U64_MAX)
			wait = U64_MAX;
		wait = min(wait, left);
		if (!wait)
			psx_model_advance(d->model, next);
		mutex_unlock(&d->lock);
		if (wait)
			sleep(d, wait);
		else
			cond_resched();
	}
	return 0;
}

static int add_region(struct mock_detector *d, void *memory, size_t bytes, u64 *address)
{
	struct mock_region *region = kzalloc(sizeof(*region), GFP_KERNEL);
	int error;
	u32 slot;

	if (!region)
		return -ENOMEM;
	region->memory = memory;
	region->bytes = bytes;
	mutex_lock(&d->lock);
	error = xa_alloc(&d->regions, &slot, region, xa_limit_31b, GFP_KERNEL);
	mutex_unlock(&d->lock);
	if (error) {
		kfree(region);
		return error;
	}
	*address = (u64)slot << SLOT_SHIFT;
	return 0;
}

static void remove_region(struct mock_detector *d, u64 address)
{
	mutex_lock(&d->lock);
	kfree(xa_erase(&d->regions, address >> SLOT_SHIFT));
	mutex_unlock(&d->lock);
}

static u32 mock_read(void *hw, u32 reg)
{
	struct mock_detector *d = hw;
	u32 value;

	mutex_lock(&d->lock);
	value = reg == PSX_REG_WATCHDOG_MS ? d->watchdog.ms : psx_model_read(d->model, reg);
	mutex_unlock(&d->lock);
	return value;
}

/* A device that does not keep to its grants; under lock */
static u32 forge_grant(struct mock_detector *d, u32 reg, u32 value)
{
	u64 grant;

	if (reg == PSX_REG_GRANT_DATA_LO)
		d->grant_low = value;
	if (reg != PSX_REG_GRANT_DATA_HI)
		return value;
	grant = ((u64)value << 32 | d->grant_low) + d->fault_grant;
	psx_model_write(d->model, PSX_REG_GRANT_DATA_LO, lower_32_bits(grant));
	return upper_32_bits(grant);
}

static void mock_write(void *hw, u32 reg, u32 value)
{
	struct mock_detector *d = hw;

	mutex_lock(&d->lock);
	if (!mock_watchdog_write(&d->watchdog, reg, value))
		psx_model_write(d->model, reg,
				d->fault_grant ? forge_grant(d, reg, value) : value);
	kick(d);
	mutex_unlock(&d->lock);
}

static void *mock_alloc_coherent(void *hw, size_t bytes, u64 *address)
{
	void *memory = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);

	if (memory && add_region(hw, memory, bytes, address)) {
		free_pages_exact(memory, bytes);
		return NULL;
	}
	return memory;
}

static void mock_free_coherent(void *hw, size_t bytes, void *memory, u64 address)
{
	remove_region(hw, address);
	free_pages_exact(memory, bytes);
}

static size_t mock_max_map(void *hw)
{
	return SIZE_MAX;
}

static int mock_map(void *hw, struct page *page, size_t bytes, u64 *address)
{
	return add_region(hw, page_address(page), bytes, address);
}

static void mock_unmap(void *hw, size_t bytes, u64 address)
{
	remove_region(hw, address);
}

/* The model writes the pages themselves */
static void mock_sync(void *hw, u64 address, size_t bytes)
{
}

static int mock_request_irq(void *hw, void (*handler)(void *arg), void *arg)
{
	struct mock_detector *d = hw;

	mutex_lock(&d->irq_lock);
	d->arg = arg;
	d->handler = handler;
	mutex_unlock(&d->irq_lock);
	return 0;
}

static void mock_free_irq(void *hw)
{
	struct mock_detector *d = hw;

	mutex_lock(&d->irq_lock);
	d->handler = NULL;
	mutex_unlock(&d->irq_lock);
}

/* The reset before it has disabled the ring, and each load is over when it returns */
static void mock_quiesce(void *hw)
{
}

const struct psx_hw_ops mock_hw_ops = {
	.read = mock_read,
	.write = mock_write,
	.alloc_coherent = mock_alloc_coherent,
	.free_coherent = mock_free_coherent,
	.max_map = mock_max_map,
	.map = mock_map,
	.unmap = mock_unmap,
	.sync_for_cpu = mock_sync,
	.sync_for_device = mock_sync,
	.request_irq = mock_request_irq,
	.free_irq = mock_free_irq,
	.quiesce = mock_quiesce,
};

/* The scene goes in as any other, by the loader */
static int present(struct mock_detector *d, const u16 *levels, size_t bytes)
{
	u64 address;
	int error;

	error = add_region(d, (void *)levels, bytes, &address);
	if (error)
		return error;
	mock_write(d, PSX_REG_LOAD_ADDR_LO, lower_32_bits(address));
	mock_write(d, PSX_REG_LOAD_ADDR_HI, upper_32_bits(address));
	mock_write(d, PSX_REG_LOAD_BYTES, (u32)bytes);
	mock_write(d, PSX_REG_LOAD_OFFSET, 0);
	mock_write(d, PSX_REG_LOAD_TARGET, PSX_LOAD_TARGET(PSX_LOAD_SCENE, 0, 0));
	mock_write(d, PSX_REG_LOAD_GO, PSX_LOAD_WRITE);
	remove_region(d, address);
	return mock_read(d, PSX_REG_ERROR) ? -EINVAL : 0;
}

static void free_detector(struct mock_detector *d)
{
	psx_model_destroy(d->model);
	xa_destroy(&d->regions);
	kfree(d);
}

static int start(struct mock_detector *d, const struct mock_settings *settings, const u16 *levels)
{
	const struct psx_model_host host = {
		.context = d,
		.alloc = host_alloc,
		.free = host_free,
		.map = host_map,
		.irq = host_irq,
		.yield = host_yield,
		.unlock = host_unlock,
		.lock = host_lock,
	};
	size_t area = (size_t)settings->model.scene_width * settings->model.scene_height;
	int error;

	d->fault_grant = settings->fault_grant;
	if (settings->rate_milli)
		d->frame_ns = div64_u64(1000 * NSEC_PER_SEC, settings->rate_milli);
	d->model = psx_model_create(&host, &settings->model, &error);
	if (!d->model)
		return error;
	if (levels) {
		error = present(d, levels, area * sizeof(*levels));
		if (error)
			return error;
	}
	d->thread = kthread_run(run, d, "psxdet-mock");
	return PTR_ERR_OR_ZERO(d->thread);
}

struct mock_detector *mock_detector_create(const struct mock_settings *settings,
					   const u16 *levels)
{
	struct mock_detector *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int error;

	if (!d)
		return ERR_PTR(-ENOMEM);
	mutex_init(&d->lock);
	mutex_init(&d->irq_lock);
	mock_watchdog_init(&d->watchdog);
	init_waitqueue_head(&d->wait);
	xa_init_flags(&d->regions, XA_FLAGS_ALLOC1);
	INIT_WORK(&d->irq_work, irq_work);
	error = start(d, settings, levels);
	if (error) {
		free_detector(d);
		return ERR_PTR(error);
	}
	return d;
}

void mock_detector_set_faults(struct mock_detector *d, const struct psx_model_faults *faults)
{
	mutex_lock(&d->lock);
	psx_model_set_faults(d->model, faults);
	kick(d);
	mutex_unlock(&d->lock);
}

void mock_detector_destroy(struct mock_detector *d)
{
	kthread_stop(d->thread);
	cancel_work_sync(&d->irq_work);
	free_detector(d);
}
