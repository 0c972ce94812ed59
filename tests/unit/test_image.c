// SPDX-License-Identifier: MIT
/* Image files: every kind that is read, damage of every kind, and saving. */
#include <check.h>
#include <errno.h>
#include <png.h>
#include <psxdet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

#include "unit.h"

enum { WIDTH = 37, HEIGHT = 19 };

static char folder[] = "/tmp/psxdet-test-image-XXXXXX";
static char path[64];

static void make_folder(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/image", folder);
}

static void remove_folder(void)
{
	(void)unlink(path);
	ck_assert_msg(rmdir(folder) == 0, "%s: something was left there", folder);
}

/* The sample that the files of these tests have at a place. */
static uint16_t sample(uint32_t x, uint32_t y, uint32_t channel, unsigned int bits)
{
	const uint32_t mixed = (x * 2654435761u) ^ (y * 2246822519u) ^ (channel * 3266489917u);

	return (uint16_t)(mixed >> 15 & ((1u << bits) - 1));
}

static uint16_t luma(uint32_t x, uint32_t y, unsigned int bits)
{
	return (uint16_t)(0.299 * sample(x, y, 0, bits) + 0.587 * sample(x, y, 1, bits) +
			  0.114 * sample(x, y, 2, bits) + 0.5);
}

static void put_file(const void *data, size_t length)
{
	FILE *file;

	(void)unlink(path); /* a file that is rewritten in place may be flushed to disk */
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static uint8_t *get_file(size_t *length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);

	ck_assert_ptr_nonnull(file);
	*length = fread(data, 1, 1 << 20, file);
	(void)fclose(file);
	return data;
}

static struct psx_image *load(void)
{
	struct psx_error err = { 0 };
	struct psx_image *img = psx_image_load(path, &err);

	ck_assert_msg(img != NULL, "not read: %s", err.message);
	ck_assert_uint_eq(psx_image_get_width(img), WIDTH);
	ck_assert_uint_eq(psx_image_get_height(img), HEIGHT);
	return img;
}

/* The file is refused with this errno, in one line that names it and has `words`. */
static void refused(int code, const char *words)
{
	struct psx_error err = { 0 };
	struct psx_image *img;

	errno = 0;
	img = psx_image_load(path, &err);
	ck_assert_msg(img == NULL, "read, but should say '%s'", words);
	ck_assert_msg(errno == code && err.code == code, "%s: errno %d, not %d", err.message, err.code,
		      code);
	ck_assert_msg(strstr(err.message, path) == err.message, "no file name in '%s'", err.message);
	ck_assert_msg(strstr(err.message, words) != NULL, "no '%s' in '%s'", words, err.message);
	ck_assert_ptr_null(strchr(err.message, '\n'));
}

static void text_refused(const char *text, int code, const char *words)
{
	put_file(text, strlen(text));
	refused(code, words);
}

/* What a pixel should be, given the bits of the file. */
typedef uint16_t (*level_fn)(uint32_t x, uint32_t y, unsigned int bits);

static uint16_t grey(uint32_t x, uint32_t y, unsigned int bits)
{
	return sample(x, y, 0, bits);
}

static uint16_t turned(uint32_t x, uint32_t y, unsigned int bits)
{
	return (uint16_t)((1u << bits) - 1 - sample(x, y, 0, bits));
}

static void expect_levels(level_fn level, unsigned int bits)
{
	struct psx_image *img = load();
	uint32_t x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			ck_assert_msg(psx_image_get_levels(img)[y * WIDTH + x] == level(x, y, bits),
				      "x %u y %u: %u, not %u", x, y,
				      psx_image_get_levels(img)[y * WIDTH + x], level(x, y, bits));
	psx_image_free(img);
}

/* ------------------------------------------------------- writing files -- */

static void write_pgm(char kind, unsigned int bits)
{
	FILE *file = fopen(path, "wb");
	uint32_t x, y;

	ck_assert_ptr_nonnull(file);
	fprintf(file, "P%c # made by a test\n%d\n#%s\n  %d\t%u\n", kind, WIDTH, "12 34", HEIGHT,
		(1u << bits) - 1);
	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++) {
			const uint16_t v = sample(x, y, 0, bits);

			if (kind == '2') {
				fprintf(file, "%u%s", v, x % 9 ? " " : "# and a remark\n");
			} else {
				if (bits > 8)
					(void)putc(v >> 8, file);
				(void)putc(v & 255, file);
			}
		}
	ck_assert_int_eq(fclose(file), 0);
}

/* One row's samples, packed as PNG has them. */
static void pack_row(uint8_t *row, uint32_t y, unsigned int bits, unsigned int channels)
{
	uint32_t x, c, at = 0;

	memset(row, 0, WIDTH * 8);
	for (x = 0; x < WIDTH; x++)
		for (c = 0; c < channels; c++, at += bits) {
			const uint16_t v = sample(x, y, c, bits);

			if (bits == 16)
				row[at / 8 + 1] = (uint8_t)v;
			row[at / 8] |= (uint8_t)(bits == 16 ? v >> 8 : v << (8 - bits - at % 8));
		}
}

static void write_png(int colour, unsigned int bits, int interlace)
{
	static const unsigned int channels[] = {
		[PNG_COLOR_TYPE_GRAY] = 1,	 [PNG_COLOR_TYPE_RGB] = 3,
		[PNG_COLOR_TYPE_PALETTE] = 1,	 [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
		[PNG_COLOR_TYPE_RGB_ALPHA] = 4,
	};
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	FILE *file = fopen(path, "wb");
	png_color palette[256];
	uint8_t row[WIDTH * 8];
	int pass;
	uint32_t i;

	ck_assert_ptr_nonnull(file);
	png_init_io(png, file);
	png_set_IHDR(png, info, WIDTH, HEIGHT, (int)bits, colour, interlace, 0, 0);
	if (colour == PNG_COLOR_TYPE_PALETTE) { /* entry i is (i, 255 - i, i / 2) */
		for (i = 0; i < 256; i++)
			palette[i] = (png_color){ (uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i / 2) };
		png_set_PLTE(png, info, palette, 1 << bits);
		png_set_tRNS(png, info, (const uint8_t *)"\0\177", 2, NULL);
	}
	png_write_info(png, info);
	for (pass = png_set_interlace_handling(png); pass > 0; pass--)
		for (i = 0; i < HEIGHT; i++) {
			pack_row(row, i, bits, channels[colour]);
			png_write_row(png, row);
		}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	ck_assert_int_eq(fclose(file), 0);
}

struct tiff {
	uint16_t bits, samples, photometric, compression, format, planes, orientation;
	const char *mode;
	uint32_t tile; /* side; 0: strips of 4 rows */
};

static void fill_samples(void *out, const struct tiff *t, uint32_t x0, uint32_t y, uint32_t count)
{
	uint32_t x, c;

	for (x = 0; x < count; x++)
		for (c = 0; c < t->samples; c++) {
			const uint16_t v = sample(x0 + x, y, c, t->bits > 16 ? 16 : t->bits);

			if (t->bits == 8)
				((uint8_t *)out)[x * t->samples + c] = (uint8_t)v;
			else
				((uint16_t *)out)[x * t->samples + c] = v;
		}
}

static void write_tiff(const struct tiff *t)
{
	TIFF *tif = TIFFOpen(path, t->mode ? t->mode : "wl");
	uint16_t buffer[32 * 32 * 8] = { 0 };
	uint32_t x, y, row;

	ck_assert_ptr_nonnull(tif);
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, WIDTH);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, HEIGHT);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, t->bits);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, t->samples);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, t->photometric);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, t->compression ? t->compression : COMPRESSION_NONE);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, t->planes ? t->planes : PLANARCONFIG_CONTIG);
	TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, t->format ? t->format : SAMPLEFORMAT_UINT);
	TIFFSetField(tif, TIFFTAG_ORIENTATION, t->orientation ? t->orientation : ORIENTATION_TOPLEFT);
	if (!t->tile) {
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, 4);
		for (y = 0; y < HEIGHT; y++) {
			fill_samples(buffer, t, 0, y, WIDTH);
			ck_assert_int_eq(TIFFWriteScanline(tif, buffer, y, 0), 1);
		}
		TIFFClose(tif);
		return;
	}
	TIFFSetField(tif, TIFFTAG_TILEWIDTH, t->tile);
	TIFFSetField(tif, TIFFTAG_TILELENGTH, t->tile);
	for (y = 0; y < HEIGHT; y += t->tile)
		for (x = 0; x < WIDTH; x += t->tile) {
			for (row = 0; row < t->tile; row++)
				fill_samples((uint8_t *)buffer + row * t->tile * t->samples * t->bits / 8,
					     t, x, y + row, t->tile);
			ck_assert_int_ge(TIFFWriteTile(tif, buffer, x, y, 0, 0), 0);
		}
	TIFFClose(tif);
}

/* ------------------------------------------------------------- reading -- */

START_TEST(reads_pgm)
{
	static const struct {
		char kind;
		unsigned int bits;
	} kinds[] = { { '2', 8 }, { '2', 16 }, { '5', 1 }, { '5', 8 }, { '5', 9 }, { '5', 16 } };

	write_pgm(kinds[_i].kind, kinds[_i].bits);
	expect_levels(grey, kinds[_i].bits);
}
END_TEST

START_TEST(reads_grey_png)
{
	static const unsigned int bits[] = { 1, 2, 4, 8, 16 };

	write_png(PNG_COLOR_TYPE_GRAY, bits[_i % 5], _i / 5);
	expect_levels(grey, bits[_i % 5]);
}
END_TEST

START_TEST(reads_colour_png)
{
	static const struct {
		int colour;
		unsigned int bits;
		level_fn level;
	} kinds[] = {
		{ PNG_COLOR_TYPE_RGB, 8, luma },	{ PNG_COLOR_TYPE_RGB, 16, luma },
		{ PNG_COLOR_TYPE_RGB_ALPHA, 8, luma },	{ PNG_COLOR_TYPE_RGB_ALPHA, 16, luma },
		{ PNG_COLOR_TYPE_GRAY_ALPHA, 8, grey }, { PNG_COLOR_TYPE_GRAY_ALPHA, 16, grey },
	};

	write_png(kinds[_i % 6].colour, kinds[_i % 6].bits, _i / 6);
	expect_levels(kinds[_i % 6].level, kinds[_i % 6].bits);
}
END_TEST

static uint16_t palette_luma(uint32_t x, uint32_t y, unsigned int bits)
{
	const unsigned int i = sample(x, y, 0, bits);

	return (uint16_t)((299 * i + 587 * (255 - i) + 114 * (i / 2) + 500) / 1000);
}

START_TEST(reads_palette_png)
{
	const unsigned int bits = 1u << _i;

	write_png(PNG_COLOR_TYPE_PALETTE, bits, 0);
	expect_levels(palette_luma, bits);
}
END_TEST

static const struct {
	struct tiff tiff;
	level_fn level;
} tiffs[] = {
	{ { .bits = 8, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK }, grey },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK }, grey },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .mode = "wb" }, grey },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .mode = "w8" }, grey },
	{ { .bits = 8, .samples = 1, .photometric = PHOTOMETRIC_MINISWHITE }, turned },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISWHITE, .tile = 16 }, turned },
	{ { .bits = 8, .samples = 3, .photometric = PHOTOMETRIC_RGB }, luma },
	{ { .bits = 16, .samples = 3, .photometric = PHOTOMETRIC_RGB, .tile = 32 }, luma },
	{ { .bits = 16, .samples = 4, .photometric = PHOTOMETRIC_RGB }, luma },
	{ { .bits = 8, .samples = 2, .photometric = PHOTOMETRIC_MINISBLACK }, grey },
	{ { .bits = 8, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .tile = 16 }, grey },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .compression = COMPRESSION_LZW },
	  grey },
	{ { .bits = 16, .samples = 1, .photometric = PHOTOMETRIC_MINISBLACK, .tile = 16,
	    .compression = COMPRESSION_ADOBE_DEFLATE },
	  grey },
	{ { .bits = 8, .samples = 3, .photometric = PHOTOMETRIC_RGB, .compression = COMPRESSION_PACKBITS },
	  luma },
};

START_TEST(reads_tiff)
{
	write_tiff(&tiffs[_i].tiff);
	expect_levels(tiffs[_i].level, tiffs[_i].tiff.bits);
}
END_TEST

START_TEST(refuses_other_tiff)
{
	static const struct {
		struct tiff tiff;
		const char *words;
	} kinds[] = {
		{ { .bits = 32, .samples = 1, .photometric = 1, .format = SAMPLEFORMAT_IEEEFP }, "float" },
		{ { .bits = 16, .samples = 1, .photometric = 1, .format = SAMPLEFORMAT_INT }, "signed" },
		{ { .bits = 32, .samples = 1, .photometric = 1 }, "8 or 16 bits" },
		{ { .bits = 8, .samples = 4, .photometric = PHOTOMETRIC_SEPARATED }, "grey and RGB" },
		{ { .bits = 8, .samples = 1, .photometric = 1, .orientation = ORIENTATION_BOTLEFT },
		  "orientation" },
		{ { .bits = 8, .samples = 1, .photometric = 1, .compression = COMPRESSION_LZMA },
		  "compression" },
	};

	if (kinds[_i].tiff.bits == 32) { /* twice the samples of 16 bits: enough for a header */
		struct tiff t = kinds[_i].tiff;

		write_tiff(&t);
	} else {
		write_tiff(&kinds[_i].tiff);
	}
	refused(ENOTSUP, kinds[_i].words);
}
END_TEST

/* -------------------------------------------------------------- damage -- */

START_TEST(refuses_hostile_pgm)
{
	text_refused("", EBADMSG, "empty");
	text_refused("P", EBADMSG, "cut short");
	text_refused("P5", EBADMSG, "header");
	text_refused("P5 0 0 255\n", EBADMSG, "1..65535");
	text_refused("P5 0 3 255\n   ", EBADMSG, "1..65535");
	text_refused("P5 65536 1 255\n ", EBADMSG, "header");
	text_refused("P5 99999999999999999999 1 255\n ", EBADMSG, "header");
	text_refused("P5 -3 1 255\n ", EBADMSG, "header");
	text_refused("P5 1 1 0\n ", EBADMSG, "maxval");
	text_refused("P5 1 1 65536\n  ", EBADMSG, "maxval");
	text_refused("P5 1 1 255x ", EBADMSG, "header");
	text_refused("P5 1 1 # a remark without end", EBADMSG, "header");
	text_refused("P5 65535 65535 65535\n", EBADMSG, "don't fit");
	text_refused("P2 65535 65535 65535\n1 2 3", EBADMSG, "don't fit");
	text_refused("P5 2 2 9\n\1\2\3\12", EBADMSG, "x 1, y 1 exceeds maxval 9");
	text_refused("P5 1 1 256\n\2\1", EBADMSG, "sample 513");
	text_refused("P2 2 1 9\n1 10\n", EBADMSG, "sample 2");
	text_refused("P2 2 1 9\n1 two\n", EBADMSG, "sample 2");
	text_refused("P2 2 1 9\n1 -2\n", EBADMSG, "sample 2");
	text_refused("P6 1 1 255\nrgb", ENOTSUP, "P6");
	text_refused("P1 1 1\n1\n", ENOTSUP, "P1");
	text_refused("Picture", EBADMSG, "not a PGM");
	text_refused("<html>", EBADMSG, "not a PGM");
}
END_TEST

START_TEST(names_missing_files)
{
	struct psx_error err;

	(void)unlink(path);
	refused(ENOENT, "No such file");
	ck_assert_ptr_null(psx_image_load(folder, &err));
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_ptr_null(psx_image_load(path, NULL));
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/* A long path must not push the reason out of the message. */
START_TEST(long_paths_leave_room)
{
	char longer[600];
	struct psx_error err;

	memset(longer, 'd', sizeof(longer));
	(void)memcpy(longer, "/nowhere/", 9);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(psx_image_load(longer, &err));
	ck_assert_msg(strchr(err.message, ' ') != NULL, "no reason in '%s'", err.message);
}
END_TEST

static void write_kind(int kind)
{
	if (kind == 0)
		write_pgm('2', 8);
	else if (kind == 1)
		write_pgm('5', 16);
	else if (kind == 2)
		write_png(PNG_COLOR_TYPE_GRAY, 16, 0);
	else if (kind == 3)
		write_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, 1);
	else
		write_tiff(&tiffs[(kind - 4) % (int)(sizeof(tiffs) / sizeof(tiffs[0]))].tiff);
}

enum { KINDS = 4 + sizeof(tiffs) / sizeof(tiffs[0]) };

/* But for the last sample, of which a cut text may keep a digit. */
static bool same_as(struct psx_image *img, const uint16_t *levels)
{
	return psx_image_get_width(img) == WIDTH && psx_image_get_height(img) == HEIGHT &&
	       !memcmp(psx_image_get_levels(img), levels,
		       (WIDTH * HEIGHT - 1) * sizeof(*levels));
}

/* A file cut short is refused, unless what was lost is no part of the picture:
 * the remark after a text's last sample, the link to no further page of a TIFF. */
START_TEST(refuses_truncation)
{
	uint16_t levels[WIDTH * HEIGHT];
	const size_t harmless = _i == 0 ? 20 : _i < 4 ? 0 : 4;
	size_t length, cut, accepted = 0;
	struct psx_error err;
	struct psx_image *img;
	uint8_t *data;

	write_kind(_i);
	img = load();
	memcpy(levels, psx_image_get_levels(img), sizeof(levels));
	psx_image_free(img);
	data = get_file(&length);
	for (cut = 0; cut < length; cut++) {
		put_file(data, cut);
		img = psx_image_load(path, &err);
		if (!img) {
			ck_assert_msg(errno == EBADMSG || errno == ENOTSUP, "%zu of %zu bytes: errno %d, %s",
				      cut, length, errno, err.message);
			continue;
		}
		accepted++;
		ck_assert_msg(same_as(img, levels), "%zu of %zu bytes: other levels", cut, length);
		psx_image_free(img);
	}
	ck_assert_msg(accepted <= harmless, "%zu cut files were read", accepted);
	free(data);
}
END_TEST

/* Any byte changed: no crash, no leak, and an errno of the contract. */
START_TEST(survives_changed_bytes)
{
	static const uint8_t values[] = { 0x00, 0xff, 0x80, 0x7f };
	struct psx_error err;
	struct psx_image *img;
	size_t length, at, v;
	uint8_t *data, old;

	write_kind(_i);
	data = get_file(&length);
	for (at = 0; at < length; at += at < 64 || at + 400 > length ? 1 : 7)
		for (v = 0; v < sizeof(values); v++) {
			old = data[at];
			data[at] = values[v];
			put_file(data, length);
			data[at] = old;
			img = psx_image_load(path, &err);
			ck_assert_msg(img || errno == EBADMSG || errno == ENOTSUP || errno == ENOMEM,
				      "byte %zu = %u: errno %d", at, values[v], errno);
			psx_image_free(img);
		}
	free(data);
}
END_TEST

/* A PNG header that promises gigabytes, with a right checksum. */
START_TEST(refuses_giant_png)
{
	uint8_t data[33 + 12] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R' };
	uint32_t crc = 0xffffffffu;
	int i, bit;

	memcpy(data + 16, "\0\0\xff\xff\0\0\xff\xff\x10\6\0\0", 13);
	for (i = 12; i < 29; i++)
		for (crc ^= data[i], bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	for (i = 0; i < 4; i++)
		data[29 + i] = (uint8_t)(~crc >> (24 - 8 * i));
	memcpy(data + 37, "IDAT\x35\xaf\x06\x1e", 8); /* an empty one */
	put_file(data, sizeof(data));
	refused(EBADMSG, "don't fit");
}
END_TEST

/* ---------------------------------------------------------------- save -- */

static struct psx_image *make(uint32_t width, uint32_t height, unsigned int bits)
{
	struct psx_image *img = psx_image_new(width, height);
	uint32_t i;

	ck_assert_ptr_nonnull(img);
	for (i = 0; i < width * height; i++)
		psx_image_edit_levels(img)[i] = sample(i % width, i / width, 0, bits);
	return img;
}

START_TEST(saves_what_it_loads)
{
	static const unsigned int bits[] = { 8, 9, 16 };
	struct psx_image *img = make(WIDTH, HEIGHT, bits[_i]);
	struct psx_error err;
	struct stat st;

	ck_assert_int_eq(psx_image_save(img, path, &err), 0);
	psx_image_free(img);
	expect_levels(grey, bits[_i]);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0666 & ~022);
	ck_assert_int_eq(st.st_size, _i ? 15 + WIDTH * HEIGHT * 2 : 13 + WIDTH * HEIGHT);
}
END_TEST

START_TEST(save_keeps_the_old_file)
{
	struct psx_image *img = make(WIDTH, HEIGHT, 16), *big = make(300, 300, 16);
	const struct rlimit small = { 4096, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	struct psx_error err = { 0 };
	int failed, code;

	ck_assert_int_eq(psx_image_save(img, path, &err), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	failed = psx_image_save(big, path, &err);
	code = errno;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(failed, -1);
	ck_assert_int_eq(code, EFBIG);
	ck_assert_ptr_nonnull(strstr(err.message, path));
	expect_levels(grey, 16); /* and remove_folder() finds nothing beside it */
	psx_image_free(img);
	psx_image_free(big);
}
END_TEST

START_TEST(save_reports_a_full_disk)
{
	struct psx_image *img = make(300, 300, 16);
	struct psx_error err;
	struct stat st;

	ck_assert_int_eq(psx_image_save(img, "/dev/full", &err), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(stat("/dev/full", &st), 0);
	ck_assert_msg(S_ISCHR(st.st_mode), "the device was replaced by a file");
	ck_assert_int_eq(psx_image_save(img, "/nowhere/at/all", &err), -1);
	ck_assert_int_eq(errno, ENOENT);
	psx_image_free(img);
}
END_TEST

START_TEST(new_refuses_bad_sizes)
{
	static const uint32_t bad[][2] = { { 0, 1 }, { 1, 0 }, { 65536, 1 }, { 1, 65536 }, { UINT32_MAX, 2 } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		ck_assert_ptr_null(psx_image_new(bad[i][0], bad[i][1]));
		ck_assert_int_eq(errno, EINVAL);
	}
	psx_image_free(NULL);
}
END_TEST

static Suite *image_suite(void)
{
	Suite *suite = suite_create("image");
	TCase *reading = tcase_create("reading"), *damage = tcase_create("damage");
	TCase *saving = tcase_create("saving");

	tcase_add_checked_fixture(reading, make_folder, remove_folder);
	tcase_add_loop_test(reading, reads_pgm, 0, 6);
	tcase_add_loop_test(reading, reads_grey_png, 0, 10);
	tcase_add_loop_test(reading, reads_colour_png, 0, 12);
	tcase_add_loop_test(reading, reads_palette_png, 0, 4);
	tcase_add_loop_test(reading, reads_tiff, 0, sizeof(tiffs) / sizeof(tiffs[0]));
	tcase_add_loop_test(reading, refuses_other_tiff, 0, 6);
	suite_add_tcase(suite, reading);

	tcase_add_checked_fixture(damage, make_folder, remove_folder);
	tcase_set_timeout(damage, 300);
	tcase_add_test(damage, refuses_hostile_pgm);
	tcase_add_test(damage, names_missing_files);
	tcase_add_test(damage, long_paths_leave_room);
	tcase_add_loop_test(damage, refuses_truncation, 0, KINDS);
	tcase_add_loop_test(damage, survives_changed_bytes, 0, KINDS);
	tcase_add_test(damage, refuses_giant_png);
	suite_add_tcase(suite, damage);

	tcase_add_checked_fixture(saving, make_folder, remove_folder);
	tcase_add_loop_test(saving, saves_what_it_loads, 0, 3);
	tcase_add_test(saving, save_keeps_the_old_file);
	tcase_add_test(saving, save_reports_a_full_disk);
	tcase_add_test(saving, new_refuses_bad_sizes);
	suite_add_tcase(suite, saving);
	return suite;
}

int main(void)
{
	(void)umask(022);
	return unit_main(image_suite());
}
