// SPDX-License-Identifier: GPL-2.0
/* Must be seen: a reference to what has none left */
#include <linux/module.h>
#include <linux/refcount.h>

static refcount_t bug_count = REFCOUNT_INIT(1);

static int __init bug_init(void)
{
	if (refcount_dec_and_test(&bug_count))
		refcount_inc(&bug_count);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
