// SPDX-License-Identifier: GPL-2.0
/* Bind and unbind a detector; its place in the device model. */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "psxdet.h"

#define MINORS	256

static dev_t psx_devt;
static DEFINE_IDA(psx_minors);

static struct class psx_class = {
	.name = "psxdet",
	.dev_groups = psx_groups,
};

int psx_enter(struct psx_device *psx)
{
	down_read(&psx->present);
	if (!READ_ONCE(psx->gone))
		return 0;
	up_read(&psx->present);
	return -ENODEV;
}

void psx_leave(struct psx_device *psx)
{
	up_read(&psx->present);
}

static void psx_release(struct device *dev)
{
	struct psx_device *psx = container_of(dev, struct psx_device, dev);

	psx_ring_free(&psx->ring);
	mutex_destroy(&psx->pair);
	mutex_destroy(&psx->service);
	mutex_destroy(&psx->control);
	mutex_destroy(&psx->loading);
	ida_free(&psx_minors, MINOR(dev->devt));
	kfree(psx);
}

/* A device with a number and a name, but no hardware yet; put_device() frees it */
static struct psx_device *psx_device_new(struct device *parent)
{
	struct psx_device *psx = kzalloc(sizeof(*psx), GFP_KERNEL);
	int minor, error;

	if (!psx)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&psx_minors, MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(psx);
		return ERR_PTR(minor);
	}
	init_rwsem(&psx->present);
	mutex_init(&psx->loading);
	mutex_init(&psx->control);
	mutex_init(&psx->service);
	mutex_init(&psx->pair);
	spin_lock_init(&psx->files_lock);
	INIT_LIST_HEAD(&psx->files);
	INIT_LIST_HEAD(&psx->ring.readers);
	init_completion(&psx->loaded);
	psx_service_init(psx);
	psx_rails_init(psx);
	device_initialize(&psx->dev);
	psx->dev.parent = parent;
	psx->dev.class = &psx_class;
	psx->dev.devt = MKDEV(MAJOR(psx_devt), minor);
	psx->dev.release = psx_release;
	error = dev_set_name(&psx->dev, "psxdet%d", minor);
	if (error) {
		put_device(&psx->dev);
		return ERR_PTR(error);
	}
	cdev_init(&psx->cdev, &psx_fops);
	psx->cdev.owner = THIS_MODULE;
	return psx;
}

static void psx_hw_stop(struct psx_device *psx)
{
	psx_write(psx, PSX_REG_IRQ_ENABLE, 0);
	psx_write(psx, PSX_REG_CTRL, PSX_CTRL_RESET);
	psx->ops->quiesce(psx->hw);
}

/* From an unknown state to an idle device whose ring runs */
static int psx_hw_start(struct psx_device *psx)
{
	int error;

	error = psx_identify(psx);
	if (error)
		return error;
	psx_write(psx, PSX_REG_CTRL, PSX_CTRL_RESET);
	psx->stage_x = psx_read(psx, PSX_REG_STAGE_X);
	psx->stage_y = psx_read(psx, PSX_REG_STAGE_Y);
	error = psx_ring_alloc(psx);
	if (error)
		return error;
	psx->staging = psx->ops->alloc_coherent(psx->hw, PSX_STAGING_BYTES, &psx->staging_address);
	if (!psx->staging)
		return -ENOMEM;
	error = psx_ring_attach(psx);
	if (error)
		goto free_staging;
	error = psx->ops->request_irq(psx->hw, psx_interrupt, psx);
	if (error)
		goto detach;
	psx_write(psx, PSX_REG_IRQ_ENABLE, PSX_IRQ_ALL);
	psx_service_start(psx);
	return 0;

detach:
	psx_hw_stop(psx);
	psx_ring_detach(psx);
free_staging:
	psx->ops->free_coherent(psx->hw, PSX_STAGING_BYTES, psx->staging, psx->staging_address);
	return error;
}

/* Nothing calls the hardware any more after this */
static void psx_hw_end(struct psx_device *psx)
{
	down_write(&psx->present);
	psx_service_stop(psx);
	up_write(&psx->present);
	psx->ops->free_irq(psx->hw);
	psx_hw_stop(psx);
	psx_ring_detach(psx);
	psx->ops->free_coherent(psx->hw, PSX_STAGING_BYTES, psx->staging, psx->staging_address);
}

struct psx_device *psx_device_create(struct device *parent, const struct psx_hw_ops *ops,
				     void *hw)
{
	struct psx_device *psx = psx_device_new(parent);
	int error;

	if (IS_ERR(psx))
		return psx;
	psx->ops = ops;
	psx->hw = hw;
	error = psx_hw_start(psx);
	if (error) {
		psx_service_pause(psx);
		goto put;
	}
	error = cdev_device_add(&psx->cdev, &psx->dev);
	if (error)
		goto end;
	psx_hwmon_add(psx);
	dev_info(&psx->dev, "%s %s, %u x %u\n", psx->id.model, psx->id.serial, psx->id.width,
		 psx->id.height);
	return psx;

end:
	psx_hw_end(psx);
put:
	put_device(&psx->dev);
	return ERR_PTR(error);
}

/* Nothing begins from here on, and the voltage goes */
static void leave(struct psx_device *psx)
{
	mutex_lock(&psx->control);
	WRITE_ONCE(psx->leaving, true);
	mutex_unlock(&psx->control);
	psx_rails_off(psx);
}

void psx_device_shutdown(struct psx_device *psx)
{
	leave(psx);
	psx_service_pause(psx);
	psx_hw_stop(psx);
}

static void set_asleep(struct psx_device *psx, bool asleep)
{
	mutex_lock(&psx->service);
	psx->asleep = asleep;
	mutex_unlock(&psx->service);
}

int psx_device_suspend(struct psx_device *psx)
{
	int error = psx_enter(psx);

	if (error)
		return 0;
	/* Nobody switches them on again behind our back */
	set_asleep(psx, true);
	error = psx_rails_off(psx);
	if (error) {
		set_asleep(psx, false);
		psx_service_later(psx);
	} else {
		psx_write(psx, PSX_REG_IRQ_ENABLE, 0);
		psx_service_pause(psx);
	}
	psx_leave(psx);
	return error;
}

/* A device without power in between has forgotten banks and ring */
int psx_device_resume(struct psx_device *psx)
{
	int error = psx_enter(psx);

	if (error)
		return 0;
	if (psx_read(psx, PSX_REG_ID) == PSX_ID && psx_read(psx, PSX_REG_RING_CTRL) == 1 &&
	    psx_read64(psx, PSX_REG_CQ_ADDR_LO) == psx->ring.queue_address) {
		set_asleep(psx, false);
		psx_write(psx, PSX_REG_IRQ_ENABLE, PSX_IRQ_ALL);
		psx_service_start(psx);
		psx_service_later(psx);
	} else {
		mutex_lock(&psx->service);
		psx_lost(psx);
		mutex_unlock(&psx->service);
		error = -ENODEV;
	}
	psx_leave(psx);
	return error;
}

/* Files that are open stay, with ENODEV; so does what is mapped */
void psx_device_destroy(void *arg)
{
	struct psx_device *psx = arg;

	psx_hwmon_remove(psx);
	cdev_device_del(&psx->cdev, &psx->dev);
	leave(psx);
	psx_hw_end(psx);
	put_device(&psx->dev);
}

int psx_chrdev_init(void)
{
	int error = class_register(&psx_class);

	if (error)
		return error;
	error = alloc_chrdev_region(&psx_devt, 0, MINORS, "psxdet");
	if (error)
		class_unregister(&psx_class);
	return error;
}

void psx_chrdev_exit(void)
{
	unregister_chrdev_region(psx_devt, MINORS);
	class_unregister(&psx_class);
	ida_destroy(&psx_minors);
}
