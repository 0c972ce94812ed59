// SPDX-License-Identifier: GPL-2.0
/* UBSAN must see this: a shift by more than there are bits */
#include <linux/module.h>

static int bug_bits = 40;

static int __init bug_init(void)
{
	OPTIMIZER_HIDE_VAR(bug_bits);
	return (1u << bug_bits) == 77 ? -EINVAL : 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
