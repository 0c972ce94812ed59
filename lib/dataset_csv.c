// SPDX-License-Identifier: MIT
/* Data sets of text: a header `split,label,p00,..`, a row a sample. */
#include "dataset.h"

#include "error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LEVEL 65535u
#define MOST_TEXT  65536 /* bytes of a line */

struct reader {
	const char *path; /* for messages */
	unsigned int line;
	struct psx_dataset *data; /* NULL before the header */
	struct psx_image *image;
	struct psx_error *err;
};

static int reject(struct reader *r, const char *why, const char *what)
{
	return psx_error_set(r->err, EBADMSG, "%s:%u: %s '%.40s'", r->path, r->line, why, what);
}

/* Takes the quotation marks off the field at *rest, where "" is one of its own. NULL, and
 * nothing was changed, if they are no whole field's */
static char *unquote(char **rest)
{
	char *from = *rest + 1, *end = from, *to = *rest, *field = *rest;

	while (*end && (*end != '"' || end[1] == '"'))
		end += *end == '"' ? 2 : 1;
	if (*end != '"' || (end[1] && end[1] != ','))
		return NULL;
	*rest = end[1] ? end + 2 : NULL;
	for (; from < end; from += *from == '"' ? 2 : 1)
		*to++ = *from;
	*to = '\0';
	return field;
}

/* The next field, without quotation marks or white space around it; NULL after the last */
static char *next_field(char **rest)
{
	char *field, *end;

	while (*rest && isspace((unsigned char)**rest))
		++*rest;
	if (*rest && **rest == '"' && (field = unquote(rest)))
		return field;
	field = strsep(rest, ",");
	if (!field)
		return NULL;
	for (end = field + strlen(field); end > field && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	return field;
}

/* Is every level where its name says it is? */
static int check_names(struct reader *r, char *const *names, unsigned int k)
{
	const int digits = k > 10 ? 2 : 1;
	char wanted[16];
	unsigned int i;

	for (i = 0; i < k * k; i++) {
		(void)snprintf(wanted, sizeof(wanted), "p%0*u%0*u", digits, i / k, digits, i % k);
		if (strcmp(names[i], wanted) != 0)
			return psx_error_set(r->err, EBADMSG,
					     "%s:%u: column %u is '%.40s', not %s: levels are p<row><column>, "
					     "row by row", r->path, r->line, i + 3, names[i], wanted);
	}
	return 0;
}

static int read_header(struct reader *r, char *text)
{
	const char *first = next_field(&text), *second = next_field(&text);
	char *names[PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K], *field;
	unsigned int columns = 0, k = 1;

	if (strcmp(first, "split") != 0 || !second || strcmp(second, "label") != 0)
		return psx_error_set(r->err, EBADMSG,
				     "%s:%u: the header is not 'split,label,p00,..': not a data set",
				     r->path, r->line);
	for (; (field = next_field(&text)); columns++)
		if (columns < PSX_KERNEL_MAX_K * PSX_KERNEL_MAX_K)
			names[columns] = field;
	while (k < PSX_KERNEL_MAX_K && k * k < columns)
		k += 2;
	if (columns < 9 || k * k != columns)
		return psx_error_set(r->err, EBADMSG,
				     "%s:%u: %u columns of levels are not 3 x 3, 5 x 5 .. %d x %d", r->path,
				     r->line, columns, PSX_KERNEL_MAX_K, PSX_KERNEL_MAX_K);
	if (check_names(r, names, k))
		return -1;
	r->data = psx_dataset_new(k, r->err);
	r->image = r->data ? psx_image_new(k, k) : NULL;
	if (!r->image)
		return psx_error_set(r->err, ENOMEM, "out of memory");
	return 0;
}

static int read_level(struct reader *r, const char *field, uint16_t *level)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(field, &end, 10);
	if (!isdigit((unsigned char)*field) || *end || errno || value > MOST_LEVEL)
		return reject(r, "not a grey level 0..65535:", field);
	*level = (uint16_t)value;
	return 0;
}

static int read_row(struct reader *r, char *text)
{
	const char *split = next_field(&text), *label = next_field(&text), *field;
	const unsigned int wanted = r->data->k * r->data->k;
	struct psx_error why;
	char name[300];
	unsigned int i = 0;

	if (strcmp(split, "train") != 0 && strcmp(split, "test") != 0)
		return reject(r, "neither train nor test:", split);
	if (!label || !*label)
		return psx_error_set(r->err, EBADMSG, "%s:%u: no label", r->path, r->line);
	if (*label == '"')
		return reject(r, "a quotation mark that begins a label and does not end it:", label);
	for (; (field = next_field(&text)); i++)
		if (i < wanted && read_level(r, field, psx_image_edit_levels(r->image) + i))
			return -1;
	if (i != wanted)
		return psx_error_set(r->err, EBADMSG, "%s:%u: %u levels where the header has %u",
				     r->path, r->line, i, wanted);
	(void)snprintf(name, sizeof(name), "%s:%u", r->path, r->line);
	if (psx_dataset_add(r->data, r->image, label, !strcmp(split, "test"), name, &why))
		return psx_error_set(r->err, why.code, "%s: %s", name, why.message);
	return 0;
}

static int take_line(struct reader *r, char *text)
{
	if (r->line == 1 && !strncmp(text, "\xef\xbb\xbf", 3))
		text += 3;
	text[strcspn(text, "\r")] = '\0';
	if (*text == '#' || !text[strspn(text, " \t")])
		return 0;
	return r->data ? read_row(r, text) : read_header(r, text);
}

/* One line, without its end; 0 after the last. What has no lines is not read to its end, which
 * /dev/zero has not */
static int read_line(struct reader *r, FILE *file, char *text)
{
	size_t length = 0;
	int c;

	r->line++;
	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (!c)
			return psx_error_set(r->err, EBADMSG, "%s:%u: not text", r->path, r->line);
		if (length == MOST_TEXT - 1)
			return psx_error_set(r->err, EBADMSG, "%s:%u: a line of more than %d bytes",
					     r->path, r->line, MOST_TEXT - 1);
		text[length++] = (char)c;
	}
	text[length] = '\0';
	if (c == EOF && ferror(file))
		return psx_error_set(r->err, errno, "%s: %s", r->path, strerror(errno));
	return c != EOF || length;
}

struct psx_dataset *psx_dataset_load_csv(const char *path, struct psx_error *err)
{
	struct reader r = { .path = psx_error_path(path), .err = err };
	FILE *file = fopen(path, "re");
	char text[MOST_TEXT] = "";
	int more;

	if (!file)
		return psx_error_null(err, errno, "%s: %s", r.path, strerror(errno));
	while ((more = read_line(&r, file, text)) > 0)
		if ((more = take_line(&r, text)))
			break;
	if (!more && !r.data)
		more = psx_error_set(err, EBADMSG, "%s: empty: not a data set", r.path);
	(void)fclose(file);
	psx_image_free(r.image);
	if (!more)
		return r.data;
	psx_dataset_free(r.data);
	return NULL;
}
