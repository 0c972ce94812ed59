// SPDX-License-Identifier: GPL-2.0
/* Lockdep must see this: two locks, taken in both orders, by one task */
#include <linux/module.h>
#include <linux/mutex.h>

static DEFINE_MUTEX(bug_a);
static DEFINE_MUTEX(bug_b);

static int __init bug_init(void)
{
	mutex_lock(&bug_a);
	mutex_lock(&bug_b);
	mutex_unlock(&bug_b);
	mutex_unlock(&bug_a);

	mutex_lock(&bug_b);
	mutex_lock(&bug_a);
	mutex_unlock(&bug_a);
	mutex_unlock(&bug_b);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
