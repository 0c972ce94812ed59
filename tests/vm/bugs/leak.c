// SPDX-License-Identifier: GPL-2.0
/* Kmemleak must see this: memory that nothing points to */
#include <linux/module.h>
#include <linux/slab.h>

static void *bug_keep[16];

static int __init bug_init(void)
{
	int i;

	/* Several, as the address of the last may linger in a register */
	for (i = 0; i < ARRAY_SIZE(bug_keep); i++)
		bug_keep[i] = kmalloc(100, GFP_KERNEL);
	for (i = 0; i < ARRAY_SIZE(bug_keep); i++)
		WRITE_ONCE(bug_keep[i], NULL);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
