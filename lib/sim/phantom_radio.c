// SPDX-License-Identifier: MIT
/* A pocket radio: case, board with its parts, speaker, two cells, antenna. */
#include "phantom.h"

/* A number 0..1 for detail `i` of the scene; the same in every bag. */
static double dice(uint64_t i)
{
	return (double)(phantom_random(1, i) >> 32) / 4294967296.0;
}

/* A chip of `pins` pins a side, with its die and lead frame. */
static void chip(struct bodies *b, const struct pose *pose, double x, double y, double side,
		 int pins)
{
	const double pitch = side / (pins + 1);
	int i;

	part_box(b, pose, x, y, side, side, 1.5 * MU_CERAMIC);
	part_box(b, pose, x, y, 0.45 * side, 0.45 * side, 0.35 * MU_COPPER);
	part_box(b, pose, x, y, 0.3 * side, 0.28 * side, 1.2 * MU_CERAMIC);
	for (i = 1; i <= pins; i++) {
		const double at = i * pitch - side / 2, out = side / 2 + 0.9;

		part_box(b, pose, x + at, y - out, 0.5 * pitch, 2.6, 0.5 * MU_COPPER);
		part_box(b, pose, x + at, y + out, 0.5 * pitch, 2.6, 0.5 * MU_COPPER);
		part_box(b, pose, x - out, y + at, 2.6, 0.5 * pitch, 0.5 * MU_COPPER);
		part_box(b, pose, x + out, y + at, 2.6, 0.5 * pitch, 0.5 * MU_COPPER);
	}
}

/* A ring core with `turns` turns of wire around it. */
static void toroid(struct bodies *b, const struct pose *pose, double x, double y, double radius,
		   double thick, int turns)
{
	struct point points[18 * 24 + 1];
	int i;

	for (i = 0; i <= 18 * turns; i++) {
		const double angle = 20.0 * i / turns, at = radius + thick * phantom_cos(20.0 * i);

		points[i] = phantom_place(pose, x + at * phantom_cos(angle),
					  y + at * phantom_sin(angle));
	}
	bodies_wire(b, points, 18 * (size_t)turns + 1, 0.3, MU_COPPER);
	for (i = 0; i <= 36; i++)
		points[i] = phantom_place(pose, x + radius * phantom_cos(10.0 * i),
					  y + radius * phantom_sin(10.0 * i));
	bodies_wire(b, points, 37, 0.75 * thick, 0.3);
}

/* A round cell lying along x: can, filling and the contact. */
static void cell(struct bodies *b, const struct pose *board, double x, double y)
{
	static const struct point can[] = {{-25, 7}, {23.4, 7}, {24, 6.4}};
	static const struct point inside[] = {{-24.2, 6.5}, {22.6, 6.5}};
	static const struct point rod[] = {{-20, 1}, {25.8, 1}};
	static const struct point contact[] = {{24, 2.7}, {25.6, 2.7}};
	const struct point at = phantom_place(board, x, y);
	struct pose pose = *board;

	pose.x = at.x;
	pose.y = at.y;
	bodies_lathe(b, &pose, can, COUNT(can), MU_STEEL);
	bodies_lathe(b, &pose, inside, COUNT(inside), -MU_STEEL + 0.11);
	bodies_lathe(b, &pose, rod, COUNT(rod), 0.35);
	bodies_lathe(b, &pose, contact, COUNT(contact), MU_STEEL);
}

void baggage_radio(struct bodies *b)
{
	static const struct point antenna[] = {
		{-62, 3}, {-30, 3}, {-29, 2.4}, {20, 2.4}, {21, 1.8}, {58, 1.8}, {59, 3}, {63, 3},
	};
	const struct pose at = phantom_pose(166, 82, -9, 1);
	struct pose rod = phantom_pose(158, 36, -9, 1);
	uint64_t i;

	part_box(b, &at, 0, 0, 138, 78, 4 * MU_PLASTIC);
	part_box(b, &at, 0, 0, 132, 72, -1.6 * MU_PLASTIC);
	part_box(b, &at, -18, -9, 90, 44, 1.6 * MU_BOARD);
	chip(b, &at, -34, -12, 15, 12);
	chip(b, &at, -8, -18, 9, 8);
	chip(b, &at, -10, 0, 7, 6);
	part_box(b, &at, 12, -20, 18, 14, 0.4 * MU_STEEL); /* shield, lid and walls */
	part_box(b, &at, 12, -20, 16.8, 12.8, -0.15 * MU_STEEL);
	for (i = 0; i < 14; i++) /* connector */
		part_box(b, &at, -57, -24 + 2.2 * (double)i, 5, 0.9, 0.9 * MU_BRASS);
	for (i = 0; i < 90; i++) { /* resistors and capacitors with soldered ends */
		const double x = -60 + 84 * dice(3 * i), y = -29 + 40 * dice(3 * i + 1);
		const double size = 0.8 + dice(3 * i + 2), long_x = i % 2 ? size : 0,
			     long_y = size - long_x;

		part_box(b, &at, x, y, 0.8 + 1.2 * long_x, 0.8 + 1.2 * long_y, 1.5 * MU_CERAMIC);
		part_box(b, &at, x - long_x, y - long_y, 0.9, 0.9, 0.35 * MU_SOLDER);
		part_box(b, &at, x + long_x, y + long_y, 0.9, 0.9, 0.35 * MU_SOLDER);
	}
	for (i = 0; i < 40; i++) { /* tracks */
		const double x = -58 + 70 * dice(500 + 3 * i), y = -29 + 40 * dice(501 + 3 * i);
		const double length = 4 + 14 * dice(502 + 3 * i);

		part_box(b, &at, x, y, i % 2 ? length : 0.5, i % 2 ? 0.5 : length,
			 0.07 * MU_COPPER);
	}
	toroid(b, &at, 12, 4, 5.2, 2.4, 22);
	toroid(b, &at, -27, 6, 3.4, 1.5, 15);
	part_coil(b, &at, -48, 5, 1, 4, 5);
	part_coil(b, &at, 46, -10, 8, 9.2, 4); /* the voice coil */
	part_coil(b, &at, 46, -10, 15.5, 16, 2);
	for (i = 0; i < 12; i++) /* the magnet, a ring of sectors */
		part_coil(b, &at, 46, -10, 3 + 0.55 * (double)i, 3.3 + 0.55 * (double)i, 1);
	cell(b, &at, -34, 25);
	cell(b, &at, 20, 25);
	for (i = 0; i < 4; i++)
		part_box(b, &at, i % 2 ? 64 : -64, i / 2 ? 34 : -34, 3, 3, 5 * MU_STEEL);
	bodies_lathe(b, &rod, antenna, COUNT(antenna), 0.35 * MU_BRASS);
}
