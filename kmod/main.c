// SPDX-License-Identifier: GPL-2.0
/* Load and unload. */
#include <linux/module.h>

#include "front.h"
#include "psxdet.h"

static int __init psx_init(void)
{
	int error = psx_chrdev_init();

	if (error)
		return error;
	error = psx_platform_register();
	if (error)
		goto chrdev;
	error = psx_pci_register();
	if (error)
		goto platform;
	return 0;

platform:
	psx_platform_unregister();
chrdev:
	psx_chrdev_exit();
	return error;
}
module_init(psx_init);

static void __exit psx_exit(void)
{
	psx_pci_unregister();
	psx_platform_unregister();
	psx_chrdev_exit();
}
module_exit(psx_exit);

MODULE_DESCRIPTION("Perovskite X-ray detectors that compute while they sense");
MODULE_LICENSE("GPL");
