// SPDX-License-Identifier: GPL-2.0
/* KASAN must see this: a byte behind an allocation is written */
#include <linux/module.h>
#include <linux/slab.h>

static int __init bug_init(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[101], 1);
	kfree(p);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
