// SPDX-License-Identifier: MIT
#include "mend.h"

#include <jansson.h>

struct change {
	unsigned int at; /* the value that changes, counted down */
	unsigned int seed;
};

/* What a reader may not expect */
static json_t *strange(unsigned int seed)
{
	static const double reals[] = { 0.5, -1, 1, 1e-320, 1e18, 1e308 };
	static const json_int_t integers[] = {
		0, 1, 2, -1, 16, 256, 32768, 65536, 1024, INT32_MAX, INT64_MAX
	};
	static const char *const texts[] = { "", "a", "\x1b[m", "18446744073709551615" };

	switch (seed % 8) {
	case 0:
		return json_null();
	case 1:
		return json_array();
	case 2:
		return json_string(texts[seed / 8 % 4]);
	case 3:
	case 4:
		return json_real(reals[seed / 8 % 6]);
	default:
		return json_integer(integers[seed / 8 % 11]);
	}
}

/* One row more or less, or another value in its place */
static void change_row(json_t *array, size_t i, unsigned int seed)
{
	if (seed % 4 == 0)
		json_array_remove(array, i);
	else if (seed % 4 == 1)
		json_array_insert_new(array, i, json_deep_copy(json_array_get(array, i)));
	else
		json_array_set_new(array, i, strange(seed / 4));
}

static bool change(json_t *value, struct change *c)
{
	const char *name;
	json_t *member;
	void *next;
	size_t i;

	json_object_foreach_safe(value, next, name, member) {
		if (!c->at--) {
			if (c->seed % 8 == 0)
				json_object_del(value, name);
			else
				json_object_set_new(value, name, strange(c->seed / 8));
			return true;
		}
		if (change(member, c))
			return true;
	}
	json_array_foreach(value, i, member) {
		if (!c->at--) {
			change_row(value, i, c->seed);
			return true;
		}
		if (change(member, c))
			return true;
	}
	return false;
}

size_t mend_classifier(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	struct change c = { .at = seed % 512, .seed = seed * 2654435761u >> 8 };
	json_t *root = json_loadb((const char *)data, size, 0, NULL);

	if (!change(root, &c)) { /* it has fewer */
		c.at = seed % 16;
		(void)change(root, &c);
	}
	return mend_store(root, JSON_REAL_PRECISION(17), data, size, most);
}
