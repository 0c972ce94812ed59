// SPDX-License-Identifier: GPL-2.0
/* KASAN must see this: what was freed is read */
#include <linux/module.h>
#include <linux/slab.h>

static int __init bug_init(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	return READ_ONCE(p[10]) == 1 ? -EINVAL : 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
