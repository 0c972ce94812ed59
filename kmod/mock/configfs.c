// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/config/psxdet-mock: a directory a detector, its attributes those
 * of sim: (docs/sim.md). `live` 1 makes it, 0 or rmdir unplugs it.
 */
#include <linux/configfs.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/firmware.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "attributes.h"
#include "decimal.h"
#include "mock.h"

#define NAME_BYTES	256
#define MOST_TIME_NS	(9000000000ull * NSEC_PER_SEC)
#define LEAST_MC	-40000
#define MOST_MC		125000

struct mock {
	struct config_item item;
	struct mutex lock;		/* all below */
	char scene[NAME_BYTES];		/* empty: darkness */
	struct mock_attributes attrs;	/* .faults may change while it is live */
	struct mock_detector *detector;	/* NULL = not live */
	struct platform_device *pdev;
};

static struct device *mock_root;

static struct mock *to_mock(struct config_item *item)
{
	return container_of(item, struct mock, item);
}

static ssize_t store_number(struct mock *mock, u64 *field, unsigned int places, const char *page,
			    size_t size)
{
	u64 value;
	int error;

	error = mock_decimal_parse(page, places, &value);
	if (error)
		return error;
	mutex_lock(&mock->lock);
	error = mock->detector ? -EBUSY : 0;
	if (!error)
		*field = value;
	mutex_unlock(&mock->lock);
	return error ?: size;
}

static ssize_t show_number(struct mock *mock, const u64 *field, unsigned int places, char *page)
{
	u64 value;

	mutex_lock(&mock->lock);
	value = *field;
	mutex_unlock(&mock->lock);
	return mock_decimal_print(page, PAGE_SIZE, places, value);
}

static ssize_t store_text(struct mock *mock, char *field, size_t room, const char *page,
			  size_t size)
{
	size_t length = strcspn(page, "\n");
	int error = 0;

	if (length >= room)
		return -ENAMETOOLONG;
	mutex_lock(&mock->lock);
	if (mock->detector)
		error = -EBUSY;
	else
		strscpy(field, page, length + 1);
	mutex_unlock(&mock->lock);
	return error ?: size;
}

static ssize_t show_text(struct mock *mock, const char *field, char *page)
{
	ssize_t length;

	mutex_lock(&mock->lock);
	length = scnprintf(page, PAGE_SIZE, "%s\n", field);
	mutex_unlock(&mock->lock);
	return length;
}

#define MOCK_NUMBER(_name, _places)							\
static ssize_t mock_##_name##_show(struct config_item *item, char *page)		\
{											\
	return show_number(to_mock(item), &to_mock(item)->attrs._name, _places,	\
			   page);							\
}											\
static ssize_t mock_##_name##_store(struct config_item *item, const char *page,	\
				    size_t size)					\
{											\
	return store_number(to_mock(item), &to_mock(item)->attrs._name, _places,	\
			    page, size);						\
}											\
CONFIGFS_ATTR(mock_, _name)

/* Faults come and go while a detector is live */
static ssize_t set_faults(struct mock *mock, void *field, const void *value, size_t bytes,
			  size_t size)
{
	mutex_lock(&mock->lock);
	memcpy(field, value, bytes);
	if (mock->detector)
		mock_detector_set_faults(mock->detector, &mock->attrs.faults);
	mutex_unlock(&mock->lock);
	return size;
}

static ssize_t store_time(struct mock *mock, u64 *field, const char *page, size_t size)
{
	u64 value = U64_MAX;
	int error;

	if (!sysfs_streq(page, "never")) {
		error = mock_decimal_parse(page, PLACES_TIME, &value);
		if (error)
			return error;
		if (value > MOST_TIME_NS)
			return -ERANGE;
	}
	return set_faults(mock, field, &value, sizeof(value), size);
}

static ssize_t show_time(struct mock *mock, const u64 *field, char *page)
{
	u64 value;

	mutex_lock(&mock->lock);
	value = *field;
	mutex_unlock(&mock->lock);
	if (value == U64_MAX)
		return sprintf(page, "never\n");
	return mock_decimal_print(page, PAGE_SIZE, PLACES_TIME, value);
}

#define MOCK_TIME(_name, _field)							\
static ssize_t mock_##_name##_show(struct config_item *item, char *page)		\
{											\
	return show_time(to_mock(item), &to_mock(item)->attrs.faults._field, page);	\
}											\
static ssize_t mock_##_name##_store(struct config_item *item, const char *page,	\
				    size_t size)					\
{											\
	return store_time(to_mock(item), &to_mock(item)->attrs.faults._field, page, size); \
}											\
CONFIGFS_ATTR(mock_, _name)

MOCK_TIME(interlock_at, interlock_ns);
MOCK_TIME(overcurrent_at, overcurrent_ns);

static ssize_t mock_temperature_show(struct config_item *item, char *page)
{
	struct mock *mock = to_mock(item);
	s32 mc;

	mutex_lock(&mock->lock);
	mc = mock->attrs.faults.temperature_mc;
	mutex_unlock(&mock->lock);
	if (mc < 0)
		*page = '-';
	return (mc < 0) + mock_decimal_print(page + (mc < 0), PAGE_SIZE - 1, PLACES_TEMPERATURE,
					     abs(mc));
}

static ssize_t mock_temperature_store(struct config_item *item, const char *page, size_t size)
{
	struct mock *mock = to_mock(item);
	bool minus = *page == '-';
	u64 value;
	int error;
	s32 mc;

	error = mock_decimal_parse(page + minus, PLACES_TEMPERATURE, &value);
	if (error)
		return error;
	if (value > (minus ? -LEAST_MC : MOST_MC))
		return -ERANGE;
	mc = minus ? -(s32)value : (s32)value;
	return set_faults(mock, &mock->attrs.faults.temperature_mc, &mc, sizeof(mc), size);
}
CONFIGFS_ATTR(mock_, temperature);

static ssize_t mock_readback_faults_show(struct config_item *item, char *page)
{
	struct mock *mock = to_mock(item);
	u32 value;

	mutex_lock(&mock->lock);
	value = mock->attrs.faults.readback;
	mutex_unlock(&mock->lock);
	return sprintf(page, "%u\n", value);
}

static ssize_t mock_readback_faults_store(struct config_item *item, const char *page,
					  size_t size)
{
	struct mock *mock = to_mock(item);
	u32 value;
	int error;

	error = kstrtou32(page, 10, &value);
	if (error)
		return error;
	if (value > MOCK_MOST_DEFECTS)
		return -ERANGE;
	return set_faults(mock, &mock->attrs.faults.readback, &value, sizeof(value), size);
}
CONFIGFS_ATTR(mock_, readback_faults);

static ssize_t mock_fault_stage_show(struct config_item *item, char *page)
{
	struct mock *mock = to_mock(item);
	bool held;

	mutex_lock(&mock->lock);
	held = mock->attrs.faults.stage_held;
	mutex_unlock(&mock->lock);
	return sprintf(page, "%d\n", held);
}

static ssize_t mock_fault_stage_store(struct config_item *item, const char *page, size_t size)
{
	struct mock *mock = to_mock(item);
	int error;
	bool held;

	error = kstrtobool(page, &held);
	if (error)
		return error;
	return set_faults(mock, &mock->attrs.faults.stage_held, &held, sizeof(held), size);
}
CONFIGFS_ATTR(mock_, fault_stage);

static ssize_t mock_profile_show(struct config_item *item, char *page)
{
	return show_text(to_mock(item), to_mock(item)->attrs.profile, page);
}

static ssize_t mock_profile_store(struct config_item *item, const char *page, size_t size)
{
	struct mock *mock = to_mock(item);
	ssize_t done;

	done = store_text(mock, mock->attrs.profile, sizeof(mock->attrs.profile), page, size);
	if (done < 0)
		return done;
	mutex_lock(&mock->lock);
	if (!mock->detector)
		mock_attributes_profile(&mock->attrs);
	mutex_unlock(&mock->lock);
	return done;
}
CONFIGFS_ATTR(mock_, profile);

static ssize_t mock_scene_show(struct config_item *item, char *page)
{
	return show_text(to_mock(item), to_mock(item)->scene, page);
}

static ssize_t mock_scene_store(struct config_item *item, const char *page, size_t size)
{
	struct mock *mock = to_mock(item);

	return store_text(mock, mock->scene, sizeof(mock->scene), page, size);
}
CONFIGFS_ATTR(mock_, scene);

MOCK_NUMBER(width, 0);
MOCK_NUMBER(height, 0);
MOCK_NUMBER(seed, 0);
MOCK_NUMBER(mismatch, PLACES_MISMATCH);
MOCK_NUMBER(photons, 0);
MOCK_NUMBER(read_noise, PLACES_READ_NOISE);
MOCK_NUMBER(rate, PLACES_RATE);
MOCK_NUMBER(dose_rate, PLACES_DOSE_RATE);
MOCK_NUMBER(pitch, 0);
MOCK_NUMBER(aperture, 0);
MOCK_NUMBER(fault_grant, 0);
MOCK_NUMBER(dead, 0);
MOCK_NUMBER(hot, 0);
MOCK_NUMBER(stuck, 0);

/* The firmware file: width * height grey levels of 16 bits, little-endian */
static int get_scene(struct mock *mock, const struct firmware **scene)
{
	const struct mock_attributes *attributes = &mock->attrs;
	size_t wanted = attributes->width * attributes->height * sizeof(u16);
	int error;

	*scene = NULL;
	if (!mock->scene[0])
		return 0;
	error = request_firmware(scene, mock->scene, mock_root);
	if (error) {
		dev_err(mock_root, "%s: scene '%s' cannot be loaded: %pe\n",
			config_item_name(&mock->item), mock->scene, ERR_PTR(error));
		return error;
	}
	if ((*scene)->size == wanted)
		return 0;
	dev_err(mock_root, "%s: scene '%s' has %zu bytes, %llu x %llu grey levels are %zu\n",
		config_item_name(&mock->item), mock->scene, (*scene)->size, attributes->width,
		attributes->height, wanted);
	release_firmware(*scene);
	return -EINVAL;
}

static int plug_in(struct mock *mock)
{
	const struct psx_platform_data data = { .ops = &mock_hw_ops, .hw = mock->detector };
	const struct platform_device_info info = {
		.parent = mock_root,
		.name = PSX_PLATFORM_NAME,
		.id = PLATFORM_DEVID_AUTO,
		.data = &data,
		.size_data = sizeof(data),
	};

	mock->pdev = platform_device_register_full(&info);
	if (IS_ERR(mock->pdev))
		return PTR_ERR(mock->pdev);
	if (mock->pdev->dev.driver)
		return 0;
	dev_err(mock_root, "%s: the driver psxdet did not take it\n",
		config_item_name(&mock->item));
	platform_device_unregister(mock->pdev);
	return -ENXIO;
}

static int go_live(struct mock *mock)
{
	const struct firmware *scene;
	struct mock_settings settings;
	int error;

	error = mock_attributes_check(&mock->attrs, mock_root, config_item_name(&mock->item),
				      &settings);
	if (error)
		return error;
	error = get_scene(mock, &scene);
	if (error)
		return error;
	mock->detector = mock_detector_create(&settings, scene ? (const u16 *)scene->data : NULL);
	release_firmware(scene);
	if (IS_ERR(mock->detector)) {
		error = PTR_ERR(mock->detector);
		mock->detector = NULL;
		dev_err(mock_root, "%s: no detector: %pe\n", config_item_name(&mock->item),
			ERR_PTR(error));
		return error;
	}
	error = plug_in(mock);
	if (error) {
		mock_detector_destroy(mock->detector);
		mock->detector = NULL;
	}
	return error;
}

static void unplug(struct mock *mock)
{
	if (!mock->detector)
		return;
	platform_device_unregister(mock->pdev);
	mock_detector_destroy(mock->detector);
	mock->detector = NULL;
}

static ssize_t mock_live_show(struct config_item *item, char *page)
{
	struct mock *mock = to_mock(item);
	bool live;

	mutex_lock(&mock->lock);
	live = mock->detector;
	mutex_unlock(&mock->lock);
	return sprintf(page, "%d\n", live);
}

static ssize_t mock_live_store(struct config_item *item, const char *page, size_t size)
{
	struct mock *mock = to_mock(item);
	int error;
	bool live;

	error = kstrtobool(page, &live);
	if (error)
		return error;
	mutex_lock(&mock->lock);
	if (live && !mock->detector)
		error = go_live(mock);
	else if (!live)
		unplug(mock);
	mutex_unlock(&mock->lock);
	return error ?: size;
}
CONFIGFS_ATTR(mock_, live);

static struct configfs_attribute *mock_attrs[] = {
	&mock_attr_profile,
	&mock_attr_scene,
	&mock_attr_width,
	&mock_attr_height,
	&mock_attr_seed,
	&mock_attr_mismatch,
	&mock_attr_photons,
	&mock_attr_read_noise,
	&mock_attr_rate,
	&mock_attr_dose_rate,
	&mock_attr_pitch,
	&mock_attr_aperture,
	&mock_attr_fault_grant,
	&mock_attr_fault_stage,
	&mock_attr_dead,
	&mock_attr_hot,
	&mock_attr_stuck,
	&mock_attr_readback_faults,
	&mock_attr_temperature,
	&mock_attr_interlock_at,
	&mock_attr_overcurrent_at,
	&mock_attr_live,
	NULL,
};

static void mock_release(struct config_item *item)
{
	struct mock *mock = to_mock(item);

	mutex_destroy(&mock->lock);
	kfree(mock);
}

static struct configfs_item_operations mock_item_ops = {
	.release = mock_release,
};

static const struct config_item_type mock_type = {
	.ct_item_ops = &mock_item_ops,
	.ct_attrs = mock_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_item *make_mock(struct config_group *group, const char *name)
{
	struct mock *mock = kzalloc(sizeof(*mock), GFP_KERNEL);

	if (!mock)
		return ERR_PTR(-ENOMEM);
	mutex_init(&mock->lock);
	mock_attributes_init(&mock->attrs);
	config_item_init_type_name(&mock->item, name, &mock_type);
	return &mock->item;
}

static void drop_mock(struct config_group *group, struct config_item *item)
{
	struct mock *mock = to_mock(item);

	mutex_lock(&mock->lock);
	unplug(mock);
	mutex_unlock(&mock->lock);
	config_item_put(item);
}

static struct configfs_group_operations mock_group_ops = {
	.make_item = make_mock,
	.drop_item = drop_mock,
};

static const struct config_item_type mock_group_type = {
	.ct_group_ops = &mock_group_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem mock_subsystem = {
	.su_group = {
		.cg_item = {
			.ci_namebuf = "psxdet-mock",
			.ci_type = &mock_group_type,
		},
	},
};

static int __init mock_init(void)
{
	int error;

	mock_root = root_device_register("psxdet-mock");
	if (IS_ERR(mock_root))
		return PTR_ERR(mock_root);
	config_group_init(&mock_subsystem.su_group);
	mutex_init(&mock_subsystem.su_mutex);
	error = configfs_register_subsystem(&mock_subsystem);
	if (error)
		root_device_unregister(mock_root);
	return error;
}
module_init(mock_init);

static void __exit mock_exit(void)
{
	configfs_unregister_subsystem(&mock_subsystem);
	root_device_unregister(mock_root);
}
module_exit(mock_exit);

MODULE_SOFTDEP("pre: psxdet");
MODULE_DESCRIPTION("Software detectors for psxdet, made through configfs");
MODULE_LICENSE("GPL");
