// SPDX-License-Identifier: MIT
/* Phantoms by name (docs/phantoms.md). */
#include "phantom.h"

#include "../error.h"

#include <errno.h>
#include <string.h>

struct request {
	const char *name; /* as given, for messages */
	struct psx_image *img;
	uint64_t seed;
	struct psx_error *err;
};

static int refuse(const struct request *req, const char *reason)
{
	return psx_error_set(req->err, EINVAL, "phantom '%.80s': %s", req->name, reason);
}

/* A plain decimal number, the same in every locale. NULL, or what follows. */
static const char *parse_number(const char *text, double *value)
{
	const bool negative = *text == '-';
	double number = 0, digit = 1;
	int digits = 0;

	text += negative;
	for (; *text >= '0' && *text <= '9' && digits < 9; text++, digits++)
		number = number * 10 + (*text - '0');
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9' && digits < 9; text++, digits++) {
			number = number * 10 + (*text - '0');
			digit *= 10;
		}
	*value = (negative ? -number : number) / digit;
	return digits ? text : NULL;
}

static int make_flat(const struct request *req, const char *param)
{
	const size_t count = (size_t)req->img->width * req->img->height;
	const char *end;
	double level;
	size_t i;

	end = parse_number(param, &level);
	if (!end || *end || level < 0 || level > 65535 || level != phantom_floor(level))
		return refuse(req, "flat needs a grey level, 0..65535, as in flat:1000");
	for (i = 0; i < count; i++)
		req->img->levels[i] = (uint16_t)level;
	return 0;
}

static int make_letter(const struct request *req, const char *param)
{
	double degrees = 0, dx = 0, dy = 0;
	const char *at = param;

	if (!*at || !strchr("HUST", *at) || (at[1] && at[1] != ';'))
		return refuse(req, "letter needs H, U, S or T, as in letter:H;rot=15;dx=0.2;dy=0");
	for (at++; at && *at == ';';) {
		at++;
		if (!strncmp(at, "rot=", 4))
			at = parse_number(at + 4, &degrees);
		else if (!strncmp(at, "dx=", 3))
			at = parse_number(at + 3, &dx);
		else if (!strncmp(at, "dy=", 3))
			at = parse_number(at + 3, &dy);
		else
			return refuse(req, "a letter's parameters are rot, dx and dy");
	}
	if (!at || *at)
		return refuse(req, "a letter's parameters are plain decimal numbers");
	if (degrees < -360 || degrees > 360 || dx < -1 || dx > 1 || dy < -1 || dy > 1)
		return refuse(req, "rot is within -360..360, dx and dy within -1..1");
	return phantom_letter(req->img, *param, degrees, dx, dy);
}

static int make_wedge(const struct request *req, const char *param)
{
	(void)param;
	return phantom_wedge(req->img);
}

static int make_blade(const struct request *req, const char *param)
{
	(void)param;
	return phantom_blade(req->img);
}

static int make_hust(const struct request *req, const char *param)
{
	(void)param;
	return phantom_hust(req->img);
}

static int make_baggage(const struct request *req, const char *param)
{
	(void)param;
	return phantom_baggage(req->img, req->seed);
}

static const struct {
	const char *name;
	bool parameter; /* follows the name and a colon */
	int (*make)(const struct request *req, const char *param);
} phantoms[] = {
	{"flat", true, make_flat},    {"letter", true, make_letter},
	{"wedge", false, make_wedge}, {"blade", false, make_blade},
	{"hust", false, make_hust},   {"baggage", false, make_baggage},
};

static int make(const struct request *req)
{
	const size_t length = strcspn(req->name, ":");
	const char *param = req->name + length;
	size_t i;

	for (i = 0; i < sizeof(phantoms) / sizeof(phantoms[0]); i++) {
		if (strncmp(phantoms[i].name, req->name, length) || phantoms[i].name[length])
			continue;
		if (*param && !phantoms[i].parameter)
			return refuse(req, "takes no parameter");
		return phantoms[i].make(req, *param ? param + 1 : param);
	}
	return psx_error_set(req->err, ENOENT, "no phantom is named '%.80s'", req->name);
}

struct psx_image *psx_image_phantom(const char *name, uint32_t width, uint32_t height,
				    uint64_t seed, struct psx_error *err)
{
	struct request req = {.name = name, .seed = seed, .err = err};
	int code;

	if (!width || !height || width > PSX_IMAGE_MAX_SIDE || height > PSX_IMAGE_MAX_SIDE)
		return psx_error_null(err, EINVAL,
				      "phantom '%.80s': %ux%u is not within 1..%u a side", name,
				      width, height, PSX_IMAGE_MAX_SIDE);
	req.img = psx_image_new(width, height);
	if (req.img && !make(&req))
		return req.img;
	code = req.img ? errno : ENOMEM;
	psx_image_free(req.img);
	if (code == ENOMEM)
		return psx_error_null(err, ENOMEM, "no memory for a phantom of %ux%u pixels", width,
				      height);
	errno = code;
	return NULL;
}
