// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void terminal_size(uint32_t *columns, uint32_t *rows)
{
	struct winsize ws;

	*columns = 80;
	*rows = 24;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_col && ws.ws_row) {
		*columns = ws.ws_col;
		*rows = ws.ws_row;
	}
}

#ifdef PSX_HAVE_CHAFA
#include <chafa.h>

/* The colours that the terminal claims; plain characters where it has none. */
static ChafaCanvasMode colours(FILE *out, ChafaTermInfo *term)
{
	const char *name = getenv("TERM");

	if (!isatty(fileno(out)) || !name || !*name || !strcmp(name, "dumb") || getenv("NO_COLOR"))
		return CHAFA_CANVAS_MODE_FGBG;
	if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT))
		return CHAFA_CANVAS_MODE_TRUECOLOR;
	if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_SET_COLOR_FGBG_256))
		return CHAFA_CANVAS_MODE_INDEXED_240;
	if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_SET_COLOR_FGBG_16))
		return CHAFA_CANVAS_MODE_INDEXED_16;
	return CHAFA_CANVAS_MODE_FGBG;
}

static ChafaCanvas *make_canvas(ChafaCanvasMode mode, int columns, int rows)
{
	const bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	ChafaCanvasConfig *config = chafa_canvas_config_new();
	ChafaSymbolMap *symbols = chafa_symbol_map_new();
	ChafaCanvas *canvas;

	chafa_symbol_map_add_by_tags(
		symbols,
		CHAFA_SYMBOL_TAG_SPACE | (utf8 ? CHAFA_SYMBOL_TAG_BLOCK | CHAFA_SYMBOL_TAG_BORDER
					       : CHAFA_SYMBOL_TAG_ASCII));
	chafa_canvas_config_set_geometry(config, columns, rows);
	chafa_canvas_config_set_canvas_mode(config, mode);
	chafa_canvas_config_set_symbol_map(config, symbols);
	canvas = chafa_canvas_new(config);
	chafa_symbol_map_unref(symbols);
	chafa_canvas_config_unref(config);
	return canvas;
}

int terminal_draw(FILE *out, const struct picture *picture, uint32_t columns, uint32_t rows)
{
	ChafaTermInfo *term = chafa_term_db_detect(chafa_term_db_get_default(), environ);
	const ChafaCanvasMode mode = colours(out, term);
	gint width = (gint)columns, height = (gint)rows;
	ChafaCanvas *canvas;
	GString *text;

	if (mode == CHAFA_CANVAS_MODE_FGBG) { /* without any escape sequence */
		chafa_term_info_unref(term);
		term = chafa_term_info_new();
	}
	chafa_calc_canvas_geometry((gint)picture->width, (gint)picture->height, &width, &height,
				   0.5f, TRUE, FALSE);
	canvas = make_canvas(mode, width, height);
	chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, picture->rgb[0],
				     (gint)picture->width, (gint)picture->height,
				     (gint)picture->width * 3);
	text = chafa_canvas_print(canvas, term);
	fprintf(out, "%s\n", text->str);
	g_string_free(text, TRUE);
	chafa_canvas_unref(canvas);
	chafa_term_info_unref(term);
	return 0;
}

#else

int terminal_draw(FILE *out, const struct picture *picture, uint32_t columns, uint32_t rows)
{
	(void)out;
	(void)picture;
	(void)columns;
	(void)rows;
	errno = ENOTSUP;
	return -1;
}

#endif
