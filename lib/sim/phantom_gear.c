// SPDX-License-Identifier: MIT
/* The bag itself, and bulky things: bottle, radio, notebook, earphones, glasses. */
#include "phantom.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void box(struct bodies *b, const struct pose *pose, double x, double y, double width,
		double height, double weight)
{
	raster_rectangle(&b->plates, pose, x - width / 2, y - height / 2, x + width / 2,
			 y + height / 2, weight);
}

/* A number 0..1 for detail `i` of the scene; the same in every bag. */
static double dice(uint64_t i)
{
	return (double)(phantom_random(1, i) >> 32) / 4294967296.0;
}

static void shell(struct bodies *b)
{
	static const struct point knots[] = {
		{ -236, -112 }, { -222, -136 }, { -190, -146 }, { -60, -152 }, { 70, -150 },
		{ 192, -146 },  { 230, -134 },  { 241, -100 },  { 246, 0 },    { 243, 100 },
		{ 234, 132 },   { 200, 147 },   { 80, 153 },    { -80, 152 },  { -196, 148 },
		{ -232, 136 },  { -244, 100 },  { -240, -10 },
	};
	static const struct point pocket[] = {
		{ -150, 30 }, { 0, 26 }, { 150, 32 }, { 158, 90 }, { 150, 140 },
		{ 0, 144 },   { -150, 140 }, { -157, 90 },
	};
	static const double sizes[] = { 1, 0.985, 0.93 };
	struct point points[RASTER_MAX_POINTS];
	size_t i, n;

	for (i = 0; i < COUNT(sizes); i++) {
		const struct pose pose = phantom_pose(3.0 * (double)i, -2.0 * (double)i, 0.4 * (double)i,
						      sizes[i]);

		n = phantom_curve(&pose, knots, COUNT(knots), true, 9, points);
		raster_polygon(&b->plates, points, n, i ? 0.05 : 0.09);
		points[n] = points[0];
		bodies_wire(b, points, n + 1, i ? 0.9 : 2.2, i ? 0.04 : 0.1);
	}
	n = phantom_curve(&(struct pose){ 0, 0, 1, 0, 1 }, pocket, COUNT(pocket), true, 6, points);
	raster_polygon(&b->plates, points, n, 0.07);
	points[n] = points[0];
	bodies_wire(b, points, n + 1, 1.1, 0.07);
}

/* Teeth along a curve over the bag's upper side, and the slider at their end. */
static void zipper(struct bodies *b)
{
	static const struct point knots[] = {
		{ -222, -110 }, { -113, -127 }, { -4, -131 }, { 105, -128 }, { 214, -112 },
	};
	static const struct point slider[] = {
		{ -5, -4 }, { 4, -5 }, { 6, 0 }, { 4, 5 }, { -5, 4 },
	};
	struct point points[4 * 60 + 1], placed[COUNT(slider)];
	const struct pose pull = phantom_pose(180, -119, 64, 1);
	size_t i, n;

	n = phantom_curve(&(struct pose){ 0, 0, 1, 0, 1 }, knots, COUNT(knots), false, 60, points);
	for (i = 0; i + 1 < n; i += 60)
		raster_stroke(&b->plates, points + i, i + 61 <= n ? 61 : n - i, 26, 0.08);
	for (i = 0; i < 216; i++) {
		const struct point p = points[i];
		const struct pose tooth = phantom_pose(p.x, p.y + (i % 2 ? 1.1 : -1.1), 0, 1);

		box(b, &tooth, 0, 0, 1.1, 4.2, 1.3 * MU_BRASS);
	}
	for (i = 0; i < COUNT(slider); i++)
		placed[i] = phantom_place(&pull, slider[i].x, slider[i].y);
	raster_polygon(&b->plates, placed, COUNT(slider), 3 * MU_BRASS);
	box(b, &pull, 20, 0, 28, 7, 2 * MU_BRASS);
	box(b, &pull, 27, 0, 8, 3.4, -2 * MU_BRASS);
}

static void strap(struct bodies *b)
{
	static const struct point knots[] = {
		{ -86, -146 }, { -70, -164 }, { -20, -172 }, { 34, -170 }, { 74, -162 }, { 88, -146 },
	};
	static const struct point ring[] = {
		{ -13, -8 }, { 13, -8 }, { 14, 0 }, { 13, 8 }, { -13, 8 }, { -14, 0 },
	};
	struct point points[RASTER_MAX_POINTS];
	size_t n;
	int side;

	n = phantom_curve(&(struct pose){ 0, 0, 1, 0, 1 }, knots, COUNT(knots), false, 8, points);
	raster_stroke(&b->plates, points, n, 19, 0.16);
	raster_stroke(&b->plates, points, n, 13, 0.05);
	for (side = -1; side <= 1; side += 2) {
		const struct pose pose = phantom_pose(87 * side, -146, 0, 1);

		n = phantom_curve(&pose, ring, COUNT(ring), true, 5, points);
		points[n] = points[0];
		bodies_wire(b, points, n + 1, 1.9, MU_STEEL);
	}
}

/* Half a litre, lying; the air has gone to the neck. */
static void bottle(struct bodies *b)
{
	static const struct point wall[] = {
		{ -108, 20 }, { -107, 27 }, { -102, 30 }, { -60, 32 }, { -56, 30.5 }, { -50, 30.5 },
		{ -46, 32 },  { 0, 32 },    { 4, 30.5 },  { 10, 30.5 }, { 14, 32 },  { 44, 31 },
		{ 62, 26 },   { 80, 15 },   { 90, 12 },   { 106, 12 },
	};
	static const struct point water[] = {
		{ -106, 12 }, { -104, 26 }, { -101, 29 }, { -60, 31 }, { -56, 29.5 }, { -50, 29.5 },
		{ -46, 31 },  { 0, 31 },    { 4, 29.5 },  { 10, 29.5 }, { 14, 31 },  { 36, 30.5 },
		{ 39, 27 },   { 40, 20 },
	};
	static const struct point cap[] = { { 92, 15 }, { 108, 15 }, { 110, 13.5 } };
	static const struct point collar[] = { { 86, 16.5 }, { 89, 16.5 } };
	const struct pose pose = phantom_pose(-186, 14, -78, 1);
	struct pose bore = pose;
	int i;

	bore.scale = 0.965;
	bodies_lathe(b, &pose, wall, COUNT(wall), 1.5 * MU_PLASTIC);
	bodies_lathe(b, &bore, wall, COUNT(wall), -1.5 * MU_PLASTIC);
	bodies_lathe(b, &pose, water, COUNT(water), MU_WATER);
	bodies_lathe(b, &pose, cap, COUNT(cap), 0.5 * MU_PLASTIC);
	bodies_lathe(b, &pose, collar, COUNT(collar), MU_PLASTIC);
	for (i = -6; i <= 6; i++)
		box(b, &pose, 101, 15 * phantom_sin(13.0 * i), 14, 0.7, 3 * MU_PLASTIC);
}

/* A chip of `pins` pins a side, with its die and lead frame. */
static void chip(struct bodies *b, const struct pose *pose, double x, double y, double side,
		 int pins)
{
	const double pitch = side / (pins + 1);
	int i;

	box(b, pose, x, y, side, side, 1.5 * MU_CERAMIC);
	box(b, pose, x, y, 0.45 * side, 0.45 * side, 0.35 * MU_COPPER);
	box(b, pose, x, y, 0.3 * side, 0.28 * side, 1.2 * MU_CERAMIC);
	for (i = 1; i <= pins; i++) {
		const double at = i * pitch - side / 2, out = side / 2 + 0.9;

		box(b, pose, x + at, y - out, 0.5 * pitch, 2.6, 0.5 * MU_COPPER);
		box(b, pose, x + at, y + out, 0.5 * pitch, 2.6, 0.5 * MU_COPPER);
		box(b, pose, x - out, y + at, 2.6, 0.5 * pitch, 0.5 * MU_COPPER);
		box(b, pose, x + out, y + at, 2.6, 0.5 * pitch, 0.5 * MU_COPPER);
	}
}

/* A coil seen from above: turns of wire around a core. */
static void coil(struct bodies *b, const struct pose *pose, double x, double y, double inner,
		 double outer, int turns)
{
	struct point points[36 * 12 + 1];
	int i;

	for (i = 0; i <= 36 * turns; i++) {
		const double radius = inner + (outer - inner) * i / (36 * turns);

		points[i] = phantom_place(pose, x + radius * phantom_cos(10.0 * i),
					  y + radius * phantom_sin(10.0 * i));
	}
	bodies_wire(b, points, (size_t)(36 * turns + 1), 0.32, MU_COPPER);
}

/* A ring core with `turns` turns of wire around it. */
static void toroid(struct bodies *b, const struct pose *pose, double x, double y, double radius,
		   double thick, int turns)
{
	struct point points[18 * 24 + 1];
	int i;

	for (i = 0; i <= 18 * turns; i++) {
		const double angle = 20.0 * i / turns, at = radius + thick * phantom_cos(20.0 * i);

		points[i] = phantom_place(pose, x + at * phantom_cos(angle), y + at * phantom_sin(angle));
	}
	bodies_wire(b, points, (size_t)(18 * turns + 1), 0.3, MU_COPPER);
	for (i = 0; i <= 36; i++)
		points[i] = phantom_place(pose, x + radius * phantom_cos(10.0 * i),
					  y + radius * phantom_sin(10.0 * i));
	bodies_wire(b, points, 37, 0.75 * thick, 0.3);
}

/* A round cell lying along x: can, filling and the contact. */
static void cell(struct bodies *b, const struct pose *board, double x, double y)
{
	static const struct point can[] = { { -25, 7 }, { 23.4, 7 }, { 24, 6.4 } };
	static const struct point inside[] = { { -24.2, 6.5 }, { 22.6, 6.5 } };
	static const struct point rod[] = { { -20, 1 }, { 25.8, 1 } };
	static const struct point contact[] = { { 24, 2.7 }, { 25.6, 2.7 } };
	const struct point at = phantom_place(board, x, y);
	struct pose pose = *board;

	pose.x = at.x;
	pose.y = at.y;
	bodies_lathe(b, &pose, can, COUNT(can), MU_STEEL);
	bodies_lathe(b, &pose, inside, COUNT(inside), -MU_STEEL + 0.11);
	bodies_lathe(b, &pose, rod, COUNT(rod), 0.35);
	bodies_lathe(b, &pose, contact, COUNT(contact), MU_STEEL);
}

/* Case, board with chips, pins, coils and small parts, speaker, cells, antenna. */
static void radio(struct bodies *b)
{
	static const struct point antenna[] = {
		{ -62, 3 }, { -30, 3 }, { -29, 2.4 }, { 20, 2.4 }, { 21, 1.8 }, { 58, 1.8 }, { 59, 3 },
		{ 63, 3 },
	};
	const struct pose at = phantom_pose(166, 82, -9, 1);
	struct pose rod = phantom_pose(158, 36, -9, 1);
	uint64_t i;

	box(b, &at, 0, 0, 138, 78, 4 * MU_PLASTIC);
	box(b, &at, 0, 0, 132, 72, -1.6 * MU_PLASTIC);
	box(b, &at, -18, -9, 90, 44, 1.6 * MU_BOARD);
	chip(b, &at, -34, -12, 15, 12);
	chip(b, &at, -8, -18, 9, 8);
	chip(b, &at, -10, 0, 7, 6);
	box(b, &at, 12, -20, 18, 14, 0.4 * MU_STEEL); /* shield, lid and walls */
	box(b, &at, 12, -20, 16.8, 12.8, -0.15 * MU_STEEL);
	for (i = 0; i < 14; i++)                       /* connector */
		box(b, &at, -57, -24 + 2.2 * (double)i, 5, 0.9, 0.9 * MU_BRASS);
	for (i = 0; i < 90; i++) { /* resistors and capacitors with soldered ends */
		const double x = -60 + 84 * dice(3 * i), y = -29 + 40 * dice(3 * i + 1);
		const double size = 0.8 + dice(3 * i + 2), long_x = i % 2 ? size : 0, long_y = size - long_x;

		box(b, &at, x, y, 0.8 + 1.2 * long_x, 0.8 + 1.2 * long_y, 1.5 * MU_CERAMIC);
		box(b, &at, x - long_x, y - long_y, 0.9, 0.9, 0.35 * MU_SOLDER);
		box(b, &at, x + long_x, y + long_y, 0.9, 0.9, 0.35 * MU_SOLDER);
	}
	for (i = 0; i < 40; i++) { /* tracks */
		const double x = -58 + 70 * dice(500 + 3 * i), y = -29 + 40 * dice(501 + 3 * i);
		const double length = 4 + 14 * dice(502 + 3 * i);

		box(b, &at, x, y, i % 2 ? length : 0.5, i % 2 ? 0.5 : length, 0.07 * MU_COPPER);
	}
	toroid(b, &at, 12, 4, 5.2, 2.4, 22);
	toroid(b, &at, -27, 6, 3.4, 1.5, 15);
	coil(b, &at, -48, 5, 1, 4, 5);
	coil(b, &at, 46, -10, 8, 9.2, 4); /* the voice coil */
	coil(b, &at, 46, -10, 15.5, 16, 2);
	for (i = 0; i < 12; i++) /* the magnet, a ring of sectors */
		coil(b, &at, 46, -10, 3 + 0.55 * (double)i, 3.3 + 0.55 * (double)i, 1);
	cell(b, &at, -34, 25);
	cell(b, &at, 20, 25);
	for (i = 0; i < 4; i++)
		box(b, &at, i % 2 ? 64 : -64, i / 2 ? 34 : -34, 3, 3, 5 * MU_STEEL);
	bodies_lathe(b, &rod, antenna, COUNT(antenna), 0.35 * MU_BRASS);
}

static void notebook(struct bodies *b)
{
	const struct pose pose = phantom_pose(-60, -18, 7, 1);
	struct point wire[30 * 16 + 1];
	size_t i;

	box(b, &pose, 0, 0, 148, 196, 8 * MU_PAPER);
	box(b, &pose, 2, 2, 150, 198, 3 * MU_PAPER);
	for (i = 0; i < COUNT(wire); i++)
		wire[i] = phantom_place(&pose, -73 + 6.5 * phantom_cos(22.5 * (double)i),
					-94 + 188 * (double)i / (30 * 16) +
						2 * phantom_sin(22.5 * (double)i));
	bodies_wire(b, wire, COUNT(wire), 0.55, MU_STEEL);
}

static void earphones(struct bodies *b)
{
	static const struct point knots[] = {
		{ 20, 128 },  { 40, 108 }, { 10, 92 },   { -40, 104 }, { -78, 126 }, { -108, 104 },
		{ -84, 82 },  { -36, 98 }, { 0, 126 },   { 52, 136 },  { 92, 124 },  { 66, 108 },
		{ 28, 118 },  { -14, 138 }, { -58, 140 }, { -96, 132 },
	};
	static const struct point plug[] = {
		{ -16, 3.2 }, { 0, 3.2 }, { 0.5, 1.75 }, { 10, 1.75 }, { 10.5, 1.4 }, { 11, 1.75 },
		{ 14, 1.75 }, { 15.5, 0.6 },
	};
	const struct pose here = phantom_pose(0, 0, 0, 1), end = phantom_pose(16, 132, 130, 1);
	struct point points[16 * 14];
	size_t n;

	n = phantom_curve(&here, knots, COUNT(knots), false, 14, points);
	bodies_wire(b, points, n, 1.3, MU_PLASTIC);
	bodies_wire(b, points, n, 0.35, 0.6 * MU_COPPER);
	bodies_lathe(b, &end, plug, COUNT(plug), 0.5 * MU_BRASS);
	coil(b, &here, -98, 132, 2, 4.2, 5);
	coil(b, &here, -90, 139, 2, 4.2, 5);
}

static void glasses(struct bodies *b)
{
	static const struct point rim[] = {
		{ -25, -4 }, { -14, -19 }, { 10, -20 }, { 25, -8 }, { 22, 13 }, { 2, 20 }, { -18, 13 },
	};
	static const struct point temple[] = {
		{ 27, -8 }, { 42, 8 }, { 20, 26 }, { -50, 34 }, { -88, 42 }, { -96, 54 },
	};
	struct point points[RASTER_MAX_POINTS];
	size_t n;
	int side;

	for (side = -1; side <= 1; side += 2) {
		const struct pose pose = phantom_pose(56 + 31 * side, -94 + 5 * side, 9, 0.9);

		n = phantom_curve(&pose, rim, COUNT(rim), true, 8, points);
		raster_polygon(&b->plates, points, n, 2.5 * MU_PLASTIC);
		points[n] = points[0];
		bodies_wire(b, points, n + 1, 0.9, MU_STEEL);
		n = phantom_curve(&pose, temple, COUNT(temple), false, 8, points);
		bodies_wire(b, points, n, 0.8, 0.8 * MU_STEEL);
	}
}

void baggage_gear(struct bodies *b)
{
	shell(b);
	zipper(b);
	strap(b);
	bottle(b);
	radio(b);
	notebook(b);
	earphones(b);
	glasses(b);
}
