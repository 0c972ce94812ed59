// SPDX-License-Identifier: MIT
/*
 * Preloaded into psxctl: models say that they have no scenes, as hardware does, and
 * have a sample in their beam when somebody at the terminal said so.
 */
#include <dlfcn.h>
#include <psxdet.h>

static const struct psx_classifier_rig *theirs;

const struct psx_device_info *psx_device_get_info(const struct psx_device *dev)
{
	const struct psx_device_info *(*real)(const struct psx_device *) =
		dlsym(RTLD_NEXT, "psx_device_get_info");
	static struct psx_device_info info;

	info = *real(dev);
	info.caps &= ~PSX_CAP_SCENE;
	return &info;
}

static int present(void *arg, size_t index, const struct psx_image *image)
{
	if (theirs->present(arg, index, image))
		return -1;
	return psx_device_present(theirs->device, image);
}

static struct psx_classifier_rig before_them(const struct psx_classifier_rig *rig)
{
	struct psx_classifier_rig mine = *rig;

	theirs = rig;
	if (rig->present)
		mine.present = present;
	return mine;
}

int psx_classifier_train(struct psx_classifier *c, const struct psx_classifier_rig *rig,
			 const struct psx_dataset *data, struct psx_error *err)
{
	int (*real)(struct psx_classifier *, const struct psx_classifier_rig *,
		    const struct psx_dataset *, struct psx_error *) =
		dlsym(RTLD_NEXT, "psx_classifier_train");
	const struct psx_classifier_rig mine = before_them(rig);

	return real(c, &mine, data, err);
}

int psx_classifier_run(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
		       const struct psx_image *const *images, size_t count, double *outputs,
		       unsigned int *answers, struct psx_error *err)
{
	int (*real)(const struct psx_classifier *, const struct psx_classifier_rig *,
		    const struct psx_image *const *, size_t, double *, unsigned int *,
		    struct psx_error *) = dlsym(RTLD_NEXT, "psx_classifier_run");
	const struct psx_classifier_rig mine = before_them(rig);

	return real(c, &mine, images, count, outputs, answers, err);
}
