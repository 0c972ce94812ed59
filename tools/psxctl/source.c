// SPDX-License-Identifier: MIT
#include "source.h"

#include "interrupt.h"

#include "../../lib/error.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_LEVEL  65535.0
#define FINE_LEVEL  64.0 /* where rates can be chosen to 1 % */
#define LEAST_TUBE  1.0 /* uGy/s */
#define LINE_LENGTH 64

static int start_probe(struct source *s, struct psx_device *dev, struct psx_error *err)
{
	if (s->probe)
		return 0;
	s->dev = dev;
	s->probe = psx_probe_new(dev, &s->study->region, err);
	if (!s->probe)
		return -1;
	psx_probe_set_progress(s->probe, study_progress, (void *)s->study);
	return 0;
}

void source_end(struct source *s)
{
	psx_probe_free(s->probe);
	if (s->dev != s->study->dev)
		psx_device_close(s->dev);
	s->probe = NULL;
	s->dev = NULL;
}

/* A flat scene of about the wanted rate, in front of the tube */
static int set_scene(struct source *s, struct psx_device *dev, double wanted, double *rate,
		     struct psx_error *err)
{
	const double level = fmin(fmax(round(wanted / s->tube * PSX_NOMINAL_LEVEL), 1), MOST_LEVEL);
	const struct psx_device_info *info = psx_device_get_info(dev);
	struct psx_image *image = psx_image_new(info->scene_width, info->scene_height);
	int failed = image ? 0 : psx_error_set(err, errno, "out of memory");
	size_t i;

	*rate = level / PSX_NOMINAL_LEVEL * s->tube;
	for (i = 0; !failed && i < (size_t)info->scene_width * info->scene_height; i++)
		psx_image_edit_levels(image)[i] = (uint16_t)level;
	if (!failed && psx_device_present(dev, image))
		failed = psx_error_set(err, errno, "%s", psx_device_error(dev));
	psx_image_free(image);
	s->light = PSX_SHUTTER_OPEN;
	return failed ? -1 : start_probe(s, dev, err);
}

/* The one place that knows what a model in this process has for a tube: its URI. The same
 * detector is opened with another; scenes of up to 65535 levels go over three decades of it. */
static int set_tube(struct source *s, double wanted, double *rate, struct psx_error *err)
{
	const char *name = s->study->ctl->uri;
	const size_t size = strlen(name) + 40;
	struct psx_device *dev;
	char *uri;

	if (s->probe && wanted <= s->tube * MOST_LEVEL / PSX_NOMINAL_LEVEL)
		return set_scene(s, s->dev, wanted, rate, err);
	source_end(s);
	uri = malloc(size);
	if (!uri)
		return psx_error_set(err, ENOMEM, "out of memory");
	s->tube = fmin(fmax(wanted * PSX_NOMINAL_LEVEL / FINE_LEVEL, LEAST_TUBE),
		       fmax(s->most * PSX_NOMINAL_LEVEL / MOST_LEVEL, PSX_NOMINAL_RATE));
	(void)snprintf(uri, size, "%s%sdose_rate=%.6f", name,
		       name[strlen(name) - 1] == ':' ? "" : ",", s->tube);
	s->tube = strtod(strrchr(uri, '=') + 1, NULL);
	dev = psx_device_open(uri, err);
	free(uri);
	if (!dev)
		return -1;
	if (!set_scene(s, dev, wanted, rate, err))
		return 0;
	s->dev = NULL;
	psx_device_close(dev);
	return -1;
}

/* A line from the terminal; not 0 at its end, or when a signal came */
static int read_line(char *line, size_t size)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t length = 0;
	char c = '\0';

	while (c != '\n') {
		if (interrupt_poll(&input, 1, -1) < 0 || read(STDIN_FILENO, &c, 1) != 1)
			return -1;
		if (length + 1 < size && c != '\n')
			line[length++] = c;
	}
	line[length] = '\0';
	return 0;
}

static int ask(struct source *s, double wanted, double *rate, struct psx_error *err)
{
	char line[LINE_LENGTH], *end;

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return psx_error_set(err, ENOTSUP,
				     "the dose rate is the operator's, and there is no terminal to ask at");
	for (;;) {
		fprintf(stderr, "\r\033[Kpsxctl %s: set the beam to %.4g uGy/s; type what the dosimeter "
			"shows, or Enter: ", s->study->ctl->verb, wanted);
		if (read_line(line, sizeof(line)))
			return psx_error_set(err, ECANCELED, "given up");
		*rate = *line ? strtod(line, &end) : wanted;
		if (!*line || (end != line && !*end && *rate > 0))
			break;
	}
	s->light = PSX_SHUTTER_BEAM;
	return start_probe(s, s->study->dev, err);
}

int source_set(struct source *s, double wanted, double *rate, struct psx_error *err)
{
	if (interrupt_came())
		return psx_error_set(err, ECANCELED, "given up");
	if (ctl_in_process(s->study->dev))
		return set_tube(s, wanted, rate, err);
	if (psx_device_get_info(s->study->dev)->caps & PSX_CAP_SCENE) {
		s->tube = study_rate(s->study);
		return set_scene(s, s->study->dev, wanted, rate, err);
	}
	return ask(s, wanted, rate, err);
}
