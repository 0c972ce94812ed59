// SPDX-License-Identifier: MIT
/* One code onto a region of what is loaded. */
#include "bias.h"

#include "../../lib/error.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VOLTS 100

static int parse_value(const char *text, int16_t *code)
{
	char *end;
	double value = option_real(text, &end);

	if (end == text)
		return -1;
	if (!strcmp(end, "V"))
		value = round(value / MOST_VOLTS * PSX_CODE_MAX);
	else if (*end)
		return -1;
	if (!(fabs(value) <= PSX_CODE_MAX) || value != floor(value))
		return -1;
	*code = (int16_t)value;
	return 0;
}

static void edit(const struct bias *b, int16_t *plane, int16_t code)
{
	const uint32_t stride = psx_device_get_info(b->dev)->width;
	const struct region *r = &b->region;
	uint32_t x, y;

	for (y = r->y; y < r->y + r->height; y++)
		for (x = r->x; x < r->x + r->width; x++)
			plane[(size_t)y * stride + x] = code;
}

/* The bank of a channel, changed where it is asked for; NULL with *err */
static struct psx_bank *edited_bank(const struct bias *b, unsigned int channel, int16_t code,
				    struct psx_error *err)
{
	const struct psx_device_info *info = psx_device_get_info(b->dev);
	const struct psx_geometry geometry = { info->width, info->height, info->border };
	const size_t area = (size_t)info->width * info->height;
	struct psx_channel_info found;
	struct psx_bank *bank = NULL;
	int16_t *planes;
	unsigned int p;

	if (psx_device_get_channel(b->dev, channel, &found))
		return psx_error_null(err, errno, "%s", psx_device_error(b->dev));
	planes = calloc(found.phases * area, sizeof(*planes));
	if (!planes)
		return psx_error_null(err, ENOMEM, "out of memory");
	for (p = 0; p < found.phases; p++) {
		if (psx_device_read_plane(b->dev, channel, p, planes + p * area))
			break;
		if ((b->channel < 0 || b->channel == (long)channel) &&
		    (b->phase < 0 || b->phase == (long)p))
			edit(b, planes + p * area, code);
	}
	if (p == found.phases)
		bank = psx_bank_new_codes(found.k, found.mode, &geometry, found.scale, planes, err);
	else
		(void)psx_error_set(err, errno, "%s", psx_device_error(b->dev));
	free(planes);
	return bank;
}

static int load(struct bias *b, struct psx_bank *const *banks, size_t count, struct psx_error *err)
{
	struct psx_settings *s = psx_device_get_settings(b->dev);
	int failed;

	if (!s)
		return psx_error_set(err, errno, "%s", psx_device_error(b->dev));
	failed = psx_device_load(b->dev, s, banks, count, NULL);
	if (failed)
		(void)psx_error_set(err, errno, "%s", psx_device_error(b->dev));
	psx_settings_free(s);
	return failed;
}

/* All channels anew, since configurations are loaded whole */
static int replace(struct bias *b, size_t count, int16_t code, struct psx_error *err)
{
	struct psx_bank **banks = calloc(count, sizeof(struct psx_bank *));
	int failed = -1;
	size_t i = 0;

	if (!banks)
		return psx_error_set(err, ENOMEM, "out of memory");
	while (i < count && (banks[i] = edited_bank(b, (unsigned int)i, code, err)))
		i++;
	if (i == count)
		failed = load(b, banks, count, err);
	for (i = 0; i < count; i++)
		psx_bank_free(banks[i]);
	free(banks);
	return failed;
}

static void say(const struct bias *b, int16_t code)
{
	const struct psx_device_status *st = psx_device_get_status(b->dev);
	const unsigned int cfg_id = st ? st->cfg_id : 0, faults = st ? st->readback_faults : 0;

	if (b->ctl->json)
		ctl_json(b->ctl, json_pack("{s:i, s:i, s:f, s:i}", "cfg_id", (int)cfg_id, "code",
					   code, "volts", psx_code_to_volts(code), "readback_faults",
					   (int)faults));
	else
		printf("configuration %u: %ux%u sub-pixels at %+.3f V (code %d)%s\n", cfg_id,
		       b->region.width, b->region.height, psx_code_to_volts(code), code,
		       faults ? "; some DACs do not follow (psxctl bias read)" : "");
	fflush(stdout);
}

int bias_set(struct bias *b)
{
	struct psx_channel_info first;
	struct psx_error err;
	int16_t code;
	int count;

	if (parse_value(b->value, &code))
		return ctl_usage(b->ctl, "'%s' is not a code (-32767..32767) or volts (-100V..100V)",
				 b->value);
	count = psx_device_get_channels(b->dev);
	if (count < 0 || psx_device_get_channel(b->dev, 0, &first))
		return ctl_fail(b->ctl, "%s", psx_device_error(b->dev));
	if (b->channel >= count)
		return ctl_fail(b->ctl, "no channel %ld: %d are loaded, from 0", b->channel, count);
	if (b->phase >= (long)first.phases)
		return ctl_fail(b->ctl, "no phase %ld: a scan of these has %u, from 0", b->phase,
				first.phases);
	if (!b->plan.kernel_count && b->plan.changes)
		return ctl_usage(b->ctl, "%s needs --kernel: what is loaded keeps its own settings",
				 b->plan.changes);
	if (replace(b, (size_t)count, code, &err))
		return ctl_fail(b->ctl, "%s", err.message);
	say(b, code);
	return b->stays ? rails_stay(b->ctl, b->dev, &b->stay) : CTL_OK;
}
