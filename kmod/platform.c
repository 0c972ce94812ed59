// SPDX-License-Identifier: GPL-2.0
/* Detectors that another driver brings, with its own way to their registers. */
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "front.h"
#include "psxdet.h"

static int psx_platform_probe(struct platform_device *pdev)
{
	const struct psx_platform_data *data = dev_get_platdata(&pdev->dev);
	struct psx_device *psx;

	if (!data || !data->ops)
		return -EINVAL;
	psx = psx_device_create(&pdev->dev, data->ops, data->hw);
	if (IS_ERR(psx))
		return PTR_ERR(psx);
	platform_set_drvdata(pdev, psx);
	return devm_add_action_or_reset(&pdev->dev, psx_device_destroy, psx);
}

static void psx_platform_shutdown(struct platform_device *pdev)
{
	psx_device_shutdown(platform_get_drvdata(pdev));
}

static int psx_platform_suspend(struct device *dev)
{
	return psx_device_suspend(dev_get_drvdata(dev));
}

/* What has lost its state stays as a detector that is gone, until it is bound anew */
static int psx_platform_resume(struct device *dev)
{
	return psx_device_resume(dev_get_drvdata(dev));
}

static DEFINE_SIMPLE_DEV_PM_OPS(psx_platform_pm, psx_platform_suspend, psx_platform_resume);

static const struct platform_device_id psx_platform_ids[] = {
	{ .name = PSX_PLATFORM_NAME },
	{ }
};
MODULE_DEVICE_TABLE(platform, psx_platform_ids);

static struct platform_driver psx_platform_driver = {
	.driver = {
		.name = PSX_PLATFORM_NAME,
		.pm = pm_sleep_ptr(&psx_platform_pm),
	},
	.id_table = psx_platform_ids,
	.probe = psx_platform_probe,
	.shutdown = psx_platform_shutdown,
};

int psx_platform_register(void)
{
	return platform_driver_register(&psx_platform_driver);
}

void psx_platform_unregister(void)
{
	platform_driver_unregister(&psx_platform_driver);
}
