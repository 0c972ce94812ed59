// SPDX-License-Identifier: GPL-2.0
/* No bug: a line from a hard interrupt, as the kernel's own timers may print one */
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/module.h>

static DECLARE_COMPLETION(bug_done);
static struct hrtimer bug_timer;

static enum hrtimer_restart bug_print(struct hrtimer *timer)
{
	pr_warn("said in an interrupt\n");
	complete(&bug_done);
	return HRTIMER_NORESTART;
}

static int __init bug_init(void)
{
	hrtimer_init(&bug_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	bug_timer.function = bug_print;
	hrtimer_start(&bug_timer, ms_to_ktime(1), HRTIMER_MODE_REL_HARD);
	wait_for_completion(&bug_done);
	hrtimer_cancel(&bug_timer);
	return 0;
}
module_init(bug_init);
MODULE_LICENSE("GPL");
