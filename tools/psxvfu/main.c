// SPDX-License-Identifier: MIT
#include "vfu.h"
#include "../../lib/error.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define USAGE 2

static const char doc[] =
	"A model of the detector as a PCI device behind a vfio-user socket, for QEMU 10.1 or newer. "
	"KEY=VALUE,... are those of a sim: URI (docs/sim.md). One client; when it goes, psxvfu ends.\v"
	"QEMU: -machine q35,memory-backend=m -object memory-backend-memfd,id=m,size=512M,share=on\n"
	"  -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n\n"
	"Exposures and ramps take no real time while the ring has room for a frame; without, device "
	"time passes as real time does, and frames are dropped as a slow host's are. With rate=N no "
	"more than N frames come a second. The watchdog always counts real time.\n\n"
	"SIGUSR1 pulls the device out: all reads become ones, nothing moves. SIGTERM ends psxvfu.";

static const struct argp_option options[] = {
	{ "socket", 's', "PATH", 0, "where QEMU connects", 0 },
	{ 0 },
};

struct arguments {
	const char *socket, *keys;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 's':
		arguments->socket = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_failure(state, USAGE, 0, "one list of keys, not '%s' too", arg);
		arguments->keys = arg;
		return 0;
	case ARGP_KEY_END:
		if (!arguments->socket)
			argp_failure(state, USAGE, 0, "--socket PATH says where to listen");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *socket_path; /* once it is ours */

static void on_signal(int number)
{
	(void)number;
	if (socket_path)
		(void)unlink(socket_path);
	_exit(EXIT_SUCCESS);
}

static struct vfu *device;

static void on_unplug(int number)
{
	(void)number;
	device->unplugged = 1;
}

static int listen_at(const char *path, struct psx_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return psx_error_set(err, ENAMETOOLONG, "%s: a socket's path has at most %zu bytes",
				     psx_error_path(path), sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return psx_error_set(err, errno, "socket: %s", strerror(errno));
	(void)umask(077); /* who connects has the device */
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return psx_error_set(err, errno, "%s: %s", psx_error_path(path),
				     errno == EADDRINUSE ?
					     "there already; if no psxvfu uses it, remove it" :
					     strerror(errno));
	socket_path = path;
	if (listen(fd, 1))
		return psx_error_set(err, errno, "%s: %s", psx_error_path(path), strerror(errno));
	return fd;
}

static int serve(struct vfu *v, const char *path, struct psx_error *err)
{
	const struct sigaction unplug = { .sa_handler = on_unplug, .sa_flags = SA_RESTART };
	int fd = listen_at(path, err);
	int client;

	if (fd < 0)
		return -1;
	device = v;
	(void)sigaction(SIGUSR1, &unplug, NULL);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return psx_error_set(err, errno, "accept: %s", strerror(errno));
	(void)close(fd);
	vfu_serve(v, client);
	(void)close(client);
	return 0;
}

int main(int argc, char **argv)
{
	const struct argp argp = {
		.options = options, .parser = parse, .args_doc = "[KEY=VALUE,...]", .doc = doc,
	};
	const struct sigaction action = { .sa_handler = on_signal };
	struct arguments arguments = { .keys = "" };
	struct psx_error err = { 0 };
	struct vfu *v;
	int failed;

	argp_err_exit_status = USAGE;
	(void)argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	(void)signal(SIGPIPE, SIG_IGN); /* an "eventfd" may be anything */
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	v = vfu_new(arguments.keys, &err);
	failed = !v || serve(v, arguments.socket, &err);
	if (socket_path)
		(void)unlink(socket_path);
	vfu_free(v);
	if (failed)
		(void)fprintf(stderr, "psxvfu: %s\n", err.message);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
