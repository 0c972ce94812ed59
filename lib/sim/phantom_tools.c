// SPDX-License-Identifier: MIT
/* Metal in the bag: keys, scissors, a folding knife, coins, paper clips, pens. */
#include "phantom.h"

/* Bow at the left with the hole at (0, 0), the bit to the right. */
static void key(struct bodies *b, double x, double y, double degrees, double mu)
{
	static const struct point outline[] = {
		{-5, -3},   {-2, -6},  {4, -11},    {12, -11.5}, {18, -8},  {21, -4}, {52, -4},
		{56, -1},   {56, 0},   {53, 3.2},   {51, 1.4},	 {48.5, 4}, {46, 2},  {44, 2},
		{41.5, 4},  {39, 0.8}, {36.5, 3.6}, {34, 1.6},	 {32, 4},   {21, 4},  {18, 8},
		{12, 11.5}, {4, 11},   {-2, 6},	    {-5, 3},
	};
	const struct pose pose = phantom_pose(x, y, degrees, 1);

	part_plate(b, &pose, outline, COUNT(outline), 2.2 * mu);
	part_disc(b, &pose, 0, 0, 2.6, -2.2 * mu);
	raster_rectangle(&b->plates, &pose, 21, -1.6, 54, -0.5, -0.9 * mu); /* groove */
	raster_rectangle(&b->plates, &pose, 8, -5, 15, 5, -0.5 * mu);	    /* stamp */
}

static void keys(struct bodies *b)
{
	const struct pose at = phantom_pose(60, 42, 0, 1);
	const struct pose tag = phantom_pose(43, 53, 140, 1);

	part_ring(b, &at, 14, 14, 0.9, MU_STEEL);
	part_ring(b, &at, 13, 13.5, 0.9, MU_STEEL);
	key(b, 66, 54, 62, MU_BRASS);
	key(b, 60, 56, 84, MU_STEEL);
	key(b, 73, 48, 20, MU_BRASS);
	raster_rectangle(&b->plates, &tag, -3, -9, 42, 9, 4 * MU_PLASTIC);
	part_disc(b, &tag, 32, 0, 5, 2 * MU_ALUMINIUM);
}

/* One half, its pivot at (0, 0): blade to the right, handle to the left. */
static void scissor_half(struct bodies *b, double x, double y, double degrees, double side)
{
	const struct pose pose = phantom_pose(x, y, degrees, 1);
	const struct point eye = phantom_place(&pose, -72, 16 * side);
	const struct pose loop = phantom_pose(eye.x, eye.y, degrees - 12 * side, 1);
	const struct point blade[] = {
		{96, 0.6 * side}, {88, -3 * side}, {8, -7 * side}, {-6, -6 * side},
		{-48, 3 * side},  {-51, 9 * side}, {-8, 5 * side}, {10, 4.5 * side},
	};
	const struct point edge[] = {
		{96, 0.6 * side},
		{12, 4.5 * side},
		{12, 2.2 * side},
	};

	part_plate(b, &pose, blade, COUNT(blade), 1.9 * MU_STEEL);
	part_plate(b, &pose, edge, COUNT(edge), -1.1 * MU_STEEL); /* ground hollow */
	part_ring(b, &loop, 24, 15, 4.5, 1.6 * MU_PLASTIC);
	part_ring(b, &loop, 24, 15, 1.6, 0.35 * MU_STEEL);
}

static void scissors(struct bodies *b)
{
	const struct pose pivot = phantom_pose(-28, 62, 0, 1);

	scissor_half(b, pivot.x, pivot.y, -26, 1);
	scissor_half(b, pivot.x, pivot.y, -4, -1);
	part_disc(b, &pivot, 0, 0, 4.2, 2.5 * MU_STEEL);
	raster_rectangle(&b->plates, &pivot, -3, -0.5, 3, 0.5, -1.2 * MU_STEEL);
}

/* Half open: the blade stands out of the handle. */
static void knife(struct bodies *b)
{
	static const struct point handle[] = {
		{-88, -6}, {-80, -9}, {-40, -8}, {0, -9},   {5, -4},
		{5, 4},	   {0, 8},    {-40, 11}, {-78, 12}, {-88, 6},
	};
	static const struct point blade[] = {
		{-4, -4}, {50, -6}, {64, -5}, {76, 0}, {66, 6}, {40, 9}, {6, 8}, {-4, 4},
	};
	static const struct point spring[] = {
		{-84, -6}, {-40, -6}, {2, -7}, {2, -3}, {-40, -2}, {-84, -3},
	};
	const struct pose at = phantom_pose(108, -66, 196, 0.8);
	const struct pose open = phantom_pose(at.x, at.y, 238, 0.8);
	int i;

	part_plate(b, &at, handle, COUNT(handle), 7 * MU_PLASTIC);
	part_plate(b, &at, handle, COUNT(handle), 0.6 * MU_STEEL); /* liners */
	part_plate(b, &at, spring, COUNT(spring), 2.4 * MU_STEEL);
	part_plate(b, &open, blade, COUNT(blade), 2.3 * MU_STEEL);
	for (i = 0; i < 3; i++)
		part_disc(b, &at, -38.0 * i, 0, 2.6, 3 * MU_BRASS);
}

static void coin(struct bodies *b, double x, double y, double radius, double thick)
{
	const struct pose at = phantom_pose(x, y, 0, 1);

	part_disc(b, &at, 0, 0, radius, thick * MU_BRASS);
	part_disc(b, &at, 0, 0, radius - 1.2, -0.35 * MU_BRASS);
	part_disc(b, &at, 0.1 * radius, 0, 0.55 * radius, 0.2 * MU_BRASS);
}

static void clip(struct bodies *b, double x, double y, double degrees)
{
	static const struct point bends[] = {
		{-9, -3.2},  {12, -3.4}, {15.5, 0}, {12, 3.4}, {-12, 3.6}, {-16, 0},
		{-12, -4.6}, {4, -4.9},	 {8, -1.5}, {4, 2},    {-8, 2.2},
	};
	const struct pose pose = phantom_pose(x, y, degrees, 1);
	struct point points[128];

	bodies_wire(b, points, phantom_curve(&pose, bends, COUNT(bends), false, 6, points), 0.5,
		    MU_STEEL);
}

/* A ball pen, its tip to the right: barrel, refill, spring, tip and clip. */
static void pen(struct bodies *b, double x, double y, double degrees)
{
	static const struct point barrel[] = {
		{-70, 4}, {-60, 5}, {30, 5.6}, {52, 5}, {62, 2.6},
	};
	static const struct point bore[] = {
		{-68, 3.4},
		{30, 4.2},
		{52, 3.6},
		{62, 1.5},
	};
	static const struct point tip[] = {{50, 5}, {53, 4.8}, {66, 1.2}, {67, 0.6}};
	static const struct point refill[] = {{-50, 1.5}, {56, 1.5}, {60, 1.1}, {70, 0.5}};
	static const struct point button[] = {{-80, 2.4}, {-62, 2.4}, {-61, 3.4}, {-56, 3.4}};
	const struct pose pose = phantom_pose(x, y, degrees, 1);
	struct point spring[241];
	size_t i;

	bodies_lathe(b, &pose, barrel, COUNT(barrel), 1.6 * MU_PLASTIC);
	bodies_lathe(b, &pose, bore, COUNT(bore), -1.6 * MU_PLASTIC);
	bodies_lathe(b, &pose, tip, COUNT(tip), 0.18 * MU_BRASS);
	bodies_lathe(b, &pose, refill, COUNT(refill), 0.28 * MU_BRASS);
	bodies_lathe(b, &pose, button, COUNT(button), 0.2 * MU_STEEL);
	for (i = 0; i < 241; i++)
		spring[i] = phantom_place(&pose, 30 + 0.11 * (double)i,
					  2.7 * phantom_sin(22.5 * (double)i));
	bodies_wire(b, spring, 241, 0.28, 1.5 * MU_STEEL);
	raster_rectangle(&b->plates, &pose, -66, 4.6, -28, 6.2, 1.2 * MU_STEEL);
}

void baggage_tools(struct bodies *b)
{
	keys(b);
	scissors(b);
	knife(b);
	pen(b, -52, -62, 28);
	pen(b, -40, -84, 17);
	coin(b, 196, -22, 11.6, 2.3);
	coin(b, 207, -6, 10.6, 1.9);
	coin(b, 190, -2, 9.4, 1.8);
	coin(b, 168, -104, 12.9, 2.2);
	clip(b, 6, -112, 70);
	clip(b, 128, 4, -25);
	clip(b, -118, 118, 12);
}
