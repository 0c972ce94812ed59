// SPDX-License-Identifier: MIT
/* JSON lines, and text from outside in them. */
#include "psxctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

void ctl_json(struct ctl *ctl, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));

	if (text)
		puts(text);
	else
		ctl->json_failed = true;
	fflush(stdout);
	free(text);
	json_decref(object);
}

/* Bytes of the character that `text` begins with; 0 where it is not UTF-8 */
static size_t character_length(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	const size_t length = bytes[0] < 0x80 ? 1 :
			      bytes[0] < 0xc0 ? 0 :
			      bytes[0] < 0xe0 ? 2 :
			      bytes[0] < 0xf0 ? 3 :
			      bytes[0] < 0xf8 ? 4 :
						0;
	uint32_t code;
	size_t i;

	if (length < 2)
		return length;
	code = bytes[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

json_t *ctl_json_text(const char *text)
{
	char *valid = malloc(strlen(text) * strlen(REPLACEMENT) + 1), *end = valid;
	json_t *string;

	if (!valid)
		return NULL;
	while (*text) {
		size_t length = character_length(text);

		if (length) {
			end = mempcpy(end, text, length);
			text += length;
		} else {
			end = mempcpy(end, REPLACEMENT, strlen(REPLACEMENT));
			text++;
		}
	}
	string = json_stringn(valid, (size_t)(end - valid));
	free(valid);
	return string;
}
