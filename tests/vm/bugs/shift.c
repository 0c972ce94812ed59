// SPDX-License-Identifier: GPL-2.0
/* UBSAN must see this: a shift by more than there are bits */
#include <linux/module.h>

static int bug_bits = 40;
static unsigned int bug_result;

static int __init bug_init(void)
{
	WRITE_ONCE(bug_result, 1u << READ_ONCE(bug_bits));
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
