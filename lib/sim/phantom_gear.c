// SPDX-License-Identifier: MIT
/* The bag itself, and bulky things: bottle, notebook, earphones, glasses. */
#include "phantom.h"

static void shell(struct bodies *b)
{
	static const struct point knots[] = {
		{-236, -112}, {-222, -136}, {-190, -146}, {-60, -152}, {70, -150},  {192, -146},
		{230, -134},  {241, -100},  {246, 0},	  {243, 100},  {234, 132},  {200, 147},
		{80, 153},    {-80, 152},   {-196, 148},  {-232, 136}, {-244, 100}, {-240, -10},
	};
	static const struct point pocket[] = {
		{-150, 30}, {0, 26},  {150, 32},   {158, 90},
		{150, 140}, {0, 144}, {-150, 140}, {-157, 90},
	};
	static const double sizes[] = {1, 0.985, 0.93};
	struct point points[RASTER_MAX_POINTS];
	size_t i, n;

	for (i = 0; i < COUNT(sizes); i++) {
		const struct pose pose =
			phantom_pose(3.0 * (double)i, -2.0 * (double)i, 0.4 * (double)i, sizes[i]);

		n = phantom_curve(&pose, knots, COUNT(knots), true, 9, points);
		raster_polygon(&b->plates, points, n, i ? 0.05 : 0.09);
		points[n] = points[0];
		bodies_wire(b, points, n + 1, i ? 0.9 : 2.2, i ? 0.04 : 0.1);
	}
	n = phantom_curve(&(struct pose){0, 0, 1, 0, 1}, pocket, COUNT(pocket), true, 6, points);
	raster_polygon(&b->plates, points, n, 0.07);
	points[n] = points[0];
	bodies_wire(b, points, n + 1, 1.1, 0.07);
}

/* Teeth along a curve over the bag's upper side, and the slider at their end. */
static void zipper(struct bodies *b)
{
	static const struct point knots[] = {
		{-222, -110}, {-113, -127}, {-4, -131}, {105, -128}, {214, -112},
	};
	static const struct point slider[] = {
		{-5, -4}, {4, -5}, {6, 0}, {4, 5}, {-5, 4},
	};
	struct point points[4 * 60 + 1], placed[COUNT(slider)];
	const struct pose pull = phantom_pose(180, -119, 64, 1);
	size_t i, n;

	n = phantom_curve(&(struct pose){0, 0, 1, 0, 1}, knots, COUNT(knots), false, 60, points);
	for (i = 0; i + 1 < n; i += 60)
		raster_stroke(&b->plates, points + i, i + 61 <= n ? 61 : n - i, 26, 0.08);
	for (i = 0; i < 216; i++) {
		const struct point p = points[i];
		const struct pose tooth = phantom_pose(p.x, p.y + (i % 2 ? 1.1 : -1.1), 0, 1);

		part_box(b, &tooth, 0, 0, 1.1, 4.2, 1.3 * MU_BRASS);
	}
	for (i = 0; i < COUNT(slider); i++)
		placed[i] = phantom_place(&pull, slider[i].x, slider[i].y);
	raster_polygon(&b->plates, placed, COUNT(slider), 3 * MU_BRASS);
	part_box(b, &pull, 20, 0, 28, 7, 2 * MU_BRASS);
	part_box(b, &pull, 27, 0, 8, 3.4, -2 * MU_BRASS);
}

static void strap(struct bodies *b)
{
	static const struct point knots[] = {
		{-86, -146}, {-70, -164}, {-20, -172}, {34, -170}, {74, -162}, {88, -146},
	};
	static const struct point ring[] = {
		{-13, -8}, {13, -8}, {14, 0}, {13, 8}, {-13, 8}, {-14, 0},
	};
	struct point points[RASTER_MAX_POINTS];
	size_t n;
	int side;

	n = phantom_curve(&(struct pose){0, 0, 1, 0, 1}, knots, COUNT(knots), false, 8, points);
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
		{-108, 20}, {-107, 27}, {-102, 30}, {-60, 32},	{-56, 30.5}, {-50, 30.5},
		{-46, 32},  {0, 32},	{4, 30.5},  {10, 30.5}, {14, 32},    {44, 31},
		{62, 26},   {80, 15},	{90, 12},   {106, 12},
	};
	static const struct point water[] = {
		{-106, 12}, {-104, 26}, {-101, 29}, {-60, 31}, {-56, 29.5}, {-50, 29.5}, {-46, 31},
		{0, 31},    {4, 29.5},	{10, 29.5}, {14, 31},  {36, 30.5},  {39, 27},	 {40, 20},
	};
	static const struct point cap[] = {{92, 15}, {108, 15}, {110, 13.5}};
	static const struct point collar[] = {{86, 16.5}, {89, 16.5}};
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
		part_box(b, &pose, 101, 15 * phantom_sin(13.0 * i), 14, 0.7, 3 * MU_PLASTIC);
}

static void notebook(struct bodies *b)
{
	const struct pose pose = phantom_pose(-60, -18, 7, 1);
	struct point wire[30 * 16 + 1];
	size_t i;

	part_box(b, &pose, 0, 0, 148, 196, 8 * MU_PAPER);
	part_box(b, &pose, 2, 2, 150, 198, 3 * MU_PAPER);
	for (i = 0; i < COUNT(wire); i++)
		wire[i] = phantom_place(&pose, -73 + 6.5 * phantom_cos(22.5 * (double)i),
					-94 + 188 * (double)i / (30 * 16) +
						2 * phantom_sin(22.5 * (double)i));
	bodies_wire(b, wire, COUNT(wire), 0.55, MU_STEEL);
}

static void earphones(struct bodies *b)
{
	static const struct point knots[] = {
		{20, 128}, {40, 108},  {10, 92},   {-40, 104}, {-78, 126}, {-108, 104},
		{-84, 82}, {-36, 98},  {0, 126},   {52, 136},  {92, 124},  {66, 108},
		{28, 118}, {-14, 138}, {-58, 140}, {-96, 132},
	};
	static const struct point plug[] = {
		{-16, 3.2},  {0, 3.2},	 {0.5, 1.75}, {10, 1.75},
		{10.5, 1.4}, {11, 1.75}, {14, 1.75},  {15.5, 0.6},
	};
	const struct pose here = phantom_pose(0, 0, 0, 1), end = phantom_pose(16, 132, 130, 1);
	struct point points[16 * 14];
	size_t n;

	n = phantom_curve(&here, knots, COUNT(knots), false, 14, points);
	bodies_wire(b, points, n, 1.3, MU_PLASTIC);
	bodies_wire(b, points, n, 0.35, 0.6 * MU_COPPER);
	bodies_lathe(b, &end, plug, COUNT(plug), 0.5 * MU_BRASS);
	part_coil(b, &here, -98, 132, 2, 4.2, 5);
	part_coil(b, &here, -90, 139, 2, 4.2, 5);
}

static void glasses(struct bodies *b)
{
	static const struct point rim[] = {
		{-25, -4}, {-14, -19}, {10, -20}, {25, -8}, {22, 13}, {2, 20}, {-18, 13},
	};
	static const struct point temple[] = {
		{27, -8}, {42, 8}, {20, 26}, {-50, 34}, {-88, 42}, {-96, 54},
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
	notebook(b);
	earphones(b);
	glasses(b);
}
