// SPDX-License-Identifier: MIT
/*
 * The layout of the driver's structures and the numbers of its ioctls, written
 * down once: what differs between 32- and 64-bit programs, or from version to
 * version, does not compile. Built with -m64 and -m32.
 */
#include <stddef.h>

#include "../../include/uapi/linux/psxdet.h"

#define SIZE(name, bytes) \
	_Static_assert(sizeof(struct psxdet_##name) == (bytes), "size of " #name)
#define AT(name, field, bytes) \
	_Static_assert(offsetof(struct psxdet_##name, field) == (bytes), #name "." #field)

SIZE(ctrl, 256);
AT(ctrl, abi, 0);
AT(ctrl, state, 4);
AT(ctrl, series, 8);
AT(ctrl, ring_entries, 12);
AT(ctrl, ring_bytes, 16);
AT(ctrl, width, 24);
AT(ctrl, height, 28);
AT(ctrl, reserved0, 32);
AT(ctrl, head, 64);
AT(ctrl, reserved1, 72);
AT(ctrl, oldest, 128);
AT(ctrl, reserved2, 136);
AT(ctrl, dropped, 192);
AT(ctrl, refused, 200);
AT(ctrl, reserved3, 208);

SIZE(cons, 16);
AT(cons, cursor, 0);
AT(cons, need_wakeup, 8);
AT(cons, reserved, 12);

SIZE(desc, 128);
AT(desc, seq, 0);
AT(desc, mono_ns, 8);
AT(desc, device_ns, 16);
AT(desc, position, 24);
AT(desc, dropped, 32);
AT(desc, series, 40);
AT(desc, length, 44);
AT(desc, flags, 48);
AT(desc, effective, 52);
AT(desc, saturated, 56);
AT(desc, cfg_id, 60);
AT(desc, trigger, 64);
AT(desc, stage_x, 68);
AT(desc, stage_y, 72);
AT(desc, crc32c, 76);
AT(desc, bank, 80);
AT(desc, channel, 81);
AT(desc, mode, 82);
AT(desc, pga, 83);
AT(desc, reserved, 84);

SIZE(info, 216);
AT(info, abi, 0);
AT(info, caps, 4);
AT(info, features, 8);
AT(info, width, 16);
AT(info, height, 20);
AT(info, max_k, 24);
AT(info, banks, 28);
AT(info, planes, 32);
AT(info, dac_bits, 36);
AT(info, adc_bits, 40);
AT(info, pitch_um, 44);
AT(info, max_mv, 48);
AT(info, max_neighbour_mv, 52);
AT(info, settle_ns, 56);
AT(info, exposure_min_ns, 60);
AT(info, exposure_max_ms, 64);
AT(info, payload_max, 68);
AT(info, ring_entries, 72);
AT(info, readers_max, 76);
AT(info, ring_bytes, 80);
AT(info, serial, 88);
AT(info, model, 128);
AT(info, border, 152);
AT(info, slew_max, 156);
AT(info, rail_mv, 160);
AT(info, scene_width, 164);
AT(info, scene_height, 168);
AT(info, reserved, 172);

SIZE(status, 136);
AT(status, flags, 0);
AT(status, series, 4);
AT(status, cfg_id, 8);
AT(status, pending_cfg_id, 12);
AT(status, rails, 16);
AT(status, cause, 20);
AT(status, rail_positive_mv, 24);
AT(status, rail_negative_mv, 28);
AT(status, leakage_pa, 32);
AT(status, temperature_mc, 36);
AT(status, claim_pid, 40);
AT(status, readers, 44);
AT(status, reserving, 48);
AT(status, reserved0, 52);
AT(status, made, 56);
AT(status, dropped_full, 64);
AT(status, dropped_device, 72);
AT(status, device_ns, 80);
AT(status, head, 88);
AT(status, oldest, 96);
AT(status, calibration, 104);
AT(status, readback_faults, 112);
AT(status, readback_first, 116);
AT(status, hold_ms, 120);
AT(status, slew, 124);
AT(status, stage_x, 128);
AT(status, stage_y, 132);

SIZE(join, 56);
AT(join, flags, 0);
AT(join, watermark, 4);
AT(join, timeout_us, 8);
AT(join, reserved0, 12);
AT(join, position, 16);
AT(join, reserved, 24);

SIZE(position, 8);
AT(position, position, 0);

SIZE(reader_stats, 104);
AT(reader_stats, made, 0);
AT(reader_stats, dropped_full, 8);
AT(reader_stats, dropped_device, 16);
AT(reader_stats, refused, 24);
AT(reader_stats, position, 32);
AT(reader_stats, cursor, 40);
AT(reader_stats, head, 48);
AT(reader_stats, oldest, 56);
AT(reader_stats, cursors_refused, 64);
AT(reader_stats, reserved, 72);

SIZE(claim, 32);
AT(claim, flags, 0);
AT(claim, fd, 4);
AT(claim, reserved, 8);

SIZE(bank, 32);
AT(bank, bank, 0);
AT(bank, k, 4);
AT(bank, phases, 8);
AT(bank, scale, 12);
AT(bank, threshold, 16);
AT(bank, reserved, 20);

SIZE(transfer, 48);
AT(transfer, target, 0);
AT(transfer, bank, 4);
AT(transfer, phase, 8);
AT(transfer, flags, 12);
AT(transfer, bytes, 16);
AT(transfer, address, 24);
AT(transfer, reserved, 32);

SIZE(config, 336);
AT(config, flags, 0);
AT(config, mode, 4);
AT(config, polarity, 8);
AT(config, pga, 12);
AT(config, trigger, 16);
AT(config, channels, 20);
AT(config, exposure_ns, 24);
AT(config, period_ns, 32);
AT(config, bank, 40);
AT(config, cfg_id, 296);
AT(config, pending, 300);
AT(config, calibration, 304);
AT(config, reserved, 312);

SIZE(rails, 16);
AT(rails, action, 0);
AT(rails, slew, 4);
AT(rails, hold_ms, 8);
AT(rails, heartbeat_ms, 12);

SIZE(start, 32);
AT(start, frames, 0);
AT(start, flags, 8);
AT(start, series, 12);
AT(start, reserved, 16);

SIZE(stop, 16);
AT(stop, how, 0);
AT(stop, reserved, 4);

SIZE(shutter, 16);
AT(shutter, position, 0);
AT(shutter, reserved, 4);

SIZE(move, 32);
AT(move, x_um, 0);
AT(move, y_um, 4);
AT(move, reserved, 8);

SIZE(event, 64);
AT(event, type, 0);
AT(event, lost, 4);
AT(event, mono_ns, 8);
AT(event, state, 16);
AT(event, cause, 20);
AT(event, cfg_id, 24);
AT(event, series, 28);
AT(event, error, 32);
AT(event, reg, 36);
AT(event, count, 40);
AT(event, reserved, 48);

_Static_assert(PSXDET_IOC_GET_INFO == 0x80d8d500u, "get_info");
_Static_assert(PSXDET_IOC_GET_STATUS == 0x8088d501u, "get_status");
_Static_assert(PSXDET_IOC_JOIN == 0xc038d502u, "join");
_Static_assert(PSXDET_IOC_LEAVE == 0x0000d503u, "leave");
_Static_assert(PSXDET_IOC_POSITION == 0x4008d504u, "position");
_Static_assert(PSXDET_IOC_GET_STATS == 0x8068d505u, "get_stats");
_Static_assert(PSXDET_IOC_DOWNLOAD == 0x4030d506u, "download");
_Static_assert(PSXDET_IOC_CLAIM == 0xc020d507u, "claim");
_Static_assert(PSXDET_IOC_BANK == 0x4020d520u, "bank");
_Static_assert(PSXDET_IOC_UPLOAD == 0x4030d521u, "upload");
_Static_assert(PSXDET_IOC_COMMIT == 0xc150d522u, "commit");
_Static_assert(PSXDET_IOC_RAILS == 0x4010d523u, "rails");
_Static_assert(PSXDET_IOC_START == 0xc020d524u, "start");
_Static_assert(PSXDET_IOC_STOP == 0x4010d525u, "stop");
_Static_assert(PSXDET_IOC_TRIGGER == 0x0000d526u, "trigger");
_Static_assert(PSXDET_IOC_SHUTTER == 0x4010d527u, "shutter");
_Static_assert(PSXDET_IOC_BEAT == 0x0000d528u, "beat");
_Static_assert(PSXDET_IOC_MOVE == 0x4020d529u, "move");
