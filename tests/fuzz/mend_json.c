// SPDX-License-Identifier: MIT
#include "mend.h"

#include <jansson.h>
#include <string.h>

size_t mend_store(json_t *root, size_t flags, uint8_t *data, size_t size, size_t most)
{
	char *text = json_dumps(root, JSON_COMPACT | flags);
	const size_t length = text ? strlen(text) : 0;

	if (length && length <= most) {
		memcpy(data, text, length);
		size = length;
	}
	free(text);
	json_decref(root);
	return size;
}
