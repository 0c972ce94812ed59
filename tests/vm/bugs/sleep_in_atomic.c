// SPDX-License-Identifier: GPL-2.0
/* Must be seen: an allocation that may sleep, under a spinlock */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(bug_lock);

static int __init bug_init(void)
{
	void *p;

	spin_lock(&bug_lock);
	p = kmalloc(100, GFP_KERNEL);
	spin_unlock(&bug_lock);
	kfree(p);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
