// SPDX-License-Identifier: GPL-2.0
/* Lockdep must see this: a lock that may sleep with PREEMPT_RT, under one that may not */
#include <linux/module.h>
#include <linux/spinlock.h>

static DEFINE_RAW_SPINLOCK(bug_raw);
static DEFINE_SPINLOCK(bug_lock);

static int __init bug_init(void)
{
	raw_spin_lock(&bug_raw);
	spin_lock(&bug_lock);
	spin_unlock(&bug_lock);
	raw_spin_unlock(&bug_raw);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
