/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Register map of a psxdet device, as docs/registers.md explains it.
 * 32-bit little-endian registers in BAR 0, aligned 32-bit access only.
 * _LO/_HI pairs are 64-bit: writing _HI applies both, reading _LO latches _HI.
 * The device has one latch for each direction, so a pair is one access.
 */
#ifndef PSX_REGS_H
#define PSX_REGS_H

#include "psx_types.h"

#define PSX_REG_SPACE			0x1000

/*
 * On PCI Express. No vendor's number is assigned yet: 0x1234 is what emulators
 * use. Class: signal processing controller, other.
 */
#define PSX_PCI_VENDOR			0x1234
#define PSX_PCI_DEVICE			0x5058
#define PSX_PCI_CLASS			0x118000
#define PSX_PCI_BAR_REGS		0
#define PSX_PCI_BAR_MSIX		2
#define PSX_PCI_MSIX_SPACE		0x1000

/* Identification and capabilities: constant */
#define PSX_REG_ID			0x000
#define PSX_ID				0x44585350u	/* "PSXD" */
#define PSX_REG_VERSION			0x004	/* major << 16 | minor */
#define PSX_VERSION_1_1			0x00010001u
#define PSX_REG_CAPS			0x008
#define PSX_CAPS_SHUTTER		0x01u
#define PSX_CAPS_SCENE			0x02u
#define PSX_CAPS_STAGE			0x04u
#define PSX_CAPS_OFFSET			0x08u	/* dark current, offset DAC and dark maps */
#define PSX_REG_WIDTH			0x010
#define PSX_REG_HEIGHT			0x014
#define PSX_REG_MAX_K			0x018
#define PSX_REG_BANKS			0x01c
#define PSX_REG_PLANES			0x020	/* planes and maps of all banks */
#define PSX_REG_DEPTH			0x024	/* DAC bits | ADC bits << 8 */
#define PSX_REG_PITCH			0x028	/* um */
#define PSX_REG_MAX_MV			0x02c
#define PSX_REG_NEIGHBOUR_MV		0x030
#define PSX_REG_SETTLE_NS		0x034
#define PSX_REG_EXPOSURE_MIN_NS		0x038
#define PSX_REG_EXPOSURE_MAX_MS		0x03c
#define PSX_REG_SERIAL			0x040	/* four words, big-endian digits */
#define PSX_REG_NAME			0x050	/* four words, ASCII, zero padded */
#define PSX_REG_SEGS_MAX		0x060
#define PSX_REG_SEG_SHIFT_MAX		0x064
#define PSX_REG_CQ_SHIFT_MAX		0x068
#define PSX_REG_PAYLOAD_MAX		0x06c
#define PSX_REG_BORDER			0x070	/* sub-pixels at every edge that see nothing */
#define PSX_REG_SLEW_MAX		0x074	/* of the rails, mV per ms */
#define PSX_REG_RAIL_MV			0x078	/* where the rails are when they are on */
#define PSX_REG_SCENE_WIDTH		0x07c	/* grey levels of the scene; PSX_CAPS_SCENE */
#define PSX_REG_SCENE_HEIGHT		0x080

/* Control */
#define PSX_REG_CTRL			0x100
#define PSX_CTRL_RESET			0x01u
#define PSX_REG_STATUS			0x104
#define PSX_STATUS_RUNNING		0x01u
#define PSX_STATUS_COMMIT_PENDING	0x02u
#define PSX_STATUS_LOADER_BUSY		0x04u
#define PSX_STATUS_SHUTTER_OPEN		0x08u
#define PSX_STATUS_INTERLOCK_OPEN	0x10u
#define PSX_STATUS_RING_ENABLED		0x20u
#define PSX_STATUS_STAGE_MOVING		0x40u
#define PSX_REG_ERROR			0x108	/* code | register << 16; write clears */
#define PSX_ERR_NONE			0u
#define PSX_ERR_REGISTER		1u	/* no such register, or read-only */
#define PSX_ERR_RANGE			2u	/* value out of range */
#define PSX_ERR_STATE			3u	/* not now */
#define PSX_ERR_SPACE			4u	/* no bank or plane memory left */
#define PSX_ERR_INCOMPLETE		5u	/* planes of a bank are missing */
#define PSX_ERR_RATE			6u	/* period shorter than the exposures */
#define PSX_ERR_DMA			7u	/* host memory did not answer */
#define PSX_ERR_CODE(e)			((e) & 0xffffu)
#define PSX_ERR_REG(e)			((e) >> 16)

/* Interrupts: status is write-1-to-clear */
#define PSX_REG_IRQ_STATUS		0x120
#define PSX_REG_IRQ_ENABLE		0x124
#define PSX_IRQ_FRAME			0x01u
#define PSX_IRQ_COMMIT			0x02u
#define PSX_IRQ_LOADER			0x04u
#define PSX_IRQ_RAIL			0x08u
#define PSX_IRQ_DROP			0x10u
#define PSX_IRQ_ERROR			0x20u
#define PSX_IRQ_DONE			0x40u	/* acquisition ended */
#define PSX_IRQ_ALL			0x7fu

/* Loader: moves planes, maps and scenes between host memory and device */
#define PSX_REG_LOAD_ADDR_LO		0x140
#define PSX_REG_LOAD_ADDR_HI		0x144
#define PSX_REG_LOAD_BYTES		0x148
#define PSX_REG_LOAD_OFFSET		0x14c
#define PSX_REG_LOAD_TARGET		0x150	/* kind | bank << 8 | phase << 16 */
#define PSX_LOAD_PLANE			1u
#define PSX_LOAD_DARK			2u
#define PSX_DARK_SHIFT			3	/* a dark map counts eighths of ADC codes */
#define PSX_LOAD_OFFSET_MAP		3u
#define PSX_LOAD_SCENE			4u
#define PSX_LOAD_READBACK		5u	/* codes as the DACs' monitors show them */
#define PSX_LOAD_TARGET(kind, bank, phase) \
	((u32)(kind) | (u32)(bank) << 8 | (u32)(phase) << 16)
#define PSX_REG_LOAD_GO			0x154
#define PSX_LOAD_WRITE			1u	/* host -> device */
#define PSX_LOAD_READ			2u	/* device -> host */

/* Banks, through a window on the bank that SEL names */
#define PSX_REG_BANK_SEL		0x180
#define PSX_REG_BANK_SHAPE		0x184	/* k | phases << 8, 0 frees */
#define PSX_REG_BANK_SCALE		0x188	/* Q8.8 */
#define PSX_REG_BANK_THRESHOLD		0x18c
#define PSX_REG_BANK_STATE		0x190	/* bit 0 in use | planes loaded << 16 */
#define PSX_BANK_IN_USE			0x01u

/* Staged configuration */
#define PSX_REG_CFG_MODE		0x200
#define PSX_MODE_REG_SCAN		0u
#define PSX_MODE_REG_SNAP		1u
#define PSX_MODE_REG_POINT		2u
#define PSX_REG_CFG_POLARITY		0x204	/* 0 positive, 1 both */
#define PSX_REG_CFG_PGA			0x208	/* log2 of the gain, 0..7 */
#define PSX_REG_CFG_TRIGGER		0x20c
#define PSX_TRIGGER_TIMER		0u
#define PSX_TRIGGER_SOFTWARE		1u
#define PSX_REG_CFG_EXPOSURE_LO		0x210	/* ns */
#define PSX_REG_CFG_EXPOSURE_HI		0x214
#define PSX_REG_CFG_PERIOD_LO		0x218	/* ns, 0 = back to back */
#define PSX_REG_CFG_PERIOD_HI		0x21c
#define PSX_REG_CFG_SCHEDULE_LEN	0x220
#define PSX_REG_CFG_SCHEDULE_SEL	0x224
#define PSX_REG_CFG_SCHEDULE_BANK	0x228
#define PSX_SCHEDULE_MAX		256u
#define PSX_REG_COMMIT			0x22c
#define PSX_REG_CFG_PENDING		0x230
#define PSX_REG_CFG_ID			0x234
#define PSX_REG_READBACK_FAULTS		0x238	/* DACs that did not follow at the last latch */
#define PSX_REG_READBACK_FIRST		0x23c	/* sub-pixel of the first of them */

/* Rails, monitors, watchdog */
#define PSX_REG_RAIL_CTRL		0x280
#define PSX_RAIL_OFF			0u
#define PSX_RAIL_ON			1u
#define PSX_RAIL_CLEAR			2u
#define PSX_REG_RAIL_STATE		0x284	/* state | cause << 8 */
#define PSX_RAIL_STATE_OFF		0u
#define PSX_RAIL_STATE_RAMPING		1u
#define PSX_RAIL_STATE_ON		2u
#define PSX_RAIL_STATE_TRIPPED		3u
#define PSX_TRIP_NONE			0u
#define PSX_TRIP_CURRENT		1u
#define PSX_TRIP_INTERLOCK		2u
#define PSX_TRIP_WATCHDOG		3u
#define PSX_REG_RAIL_POS_MV		0x288
#define PSX_REG_RAIL_NEG_MV		0x28c
#define PSX_REG_RAIL_SLEW		0x290	/* mV per ms, 1..SLEW_MAX */
#define PSX_REG_LEAKAGE_PA		0x294	/* signed */
#define PSX_REG_TEMPERATURE		0x298	/* 1/1000 degree Celsius, signed */
#define PSX_REG_WATCHDOG_MS		0x29c	/* 0 = off */
#define PSX_REG_WATCHDOG_PET		0x2a0

/* Acquisition, trigger, shutter, stage */
#define PSX_REG_ACQ_FRAMES_LO		0x2c0	/* 0 = endless */
#define PSX_REG_ACQ_FRAMES_HI		0x2c4
#define PSX_REG_ACQ_CTRL		0x2c8
#define PSX_ACQ_START			1u
#define PSX_ACQ_STOP			2u	/* after the frame in the making */
#define PSX_ACQ_ABORT			3u	/* the frame in the making is lost */
#define PSX_REG_TRIGGER			0x2cc	/* any write: one frame */
#define PSX_REG_SHUTTER			0x2d0
#define PSX_SHUTTER_CLOSED		0u
#define PSX_SHUTTER_OPEN		1u
#define PSX_SHUTTER_BEAM		2u	/* open, and the object out of the beam */
#define PSX_REG_STAGE_X			0x2d4	/* um, signed; PSX_CAPS_STAGE */
#define PSX_REG_STAGE_Y			0x2d8

/* Ring */
#define PSX_REG_SEG_SEL			0x300
#define PSX_REG_SEG_ADDR_LO		0x304
#define PSX_REG_SEG_ADDR_HI		0x308
#define PSX_REG_SEG_SHIFT		0x30c	/* log2 of a segment's bytes */
#define PSX_REG_SEG_COUNT		0x310	/* a power of two */
#define PSX_REG_CQ_ADDR_LO		0x314
#define PSX_REG_CQ_ADDR_HI		0x318
#define PSX_REG_CQ_SHIFT		0x31c	/* log2 of entries */
#define PSX_REG_RING_CTRL		0x320	/* 1 enable, 0 disable */
#define PSX_REG_GRANT_DATA_LO		0x324	/* first position not granted */
#define PSX_REG_GRANT_DATA_HI		0x328
#define PSX_REG_GRANT_CQ_LO		0x32c	/* first completion not granted */
#define PSX_REG_GRANT_CQ_HI		0x330
#define PSX_DATA_ALIGN			64u	/* of every payload's position */
#define PSX_SEG_ALIGN			4096u	/* of a segment's address */
#define PSX_CQ_ALIGN			128u	/* of the completion queue's address */

/* Counters since reset; the clock runs on through one */
#define PSX_REG_MADE_LO			0x380
#define PSX_REG_MADE_HI			0x384
#define PSX_REG_DROPPED_LO		0x388
#define PSX_REG_DROPPED_HI		0x38c
#define PSX_REG_CLOCK_LO		0x390	/* ns */
#define PSX_REG_CLOCK_HI		0x394
#define PSX_REG_DROPPED_FULL_LO		0x398	/* of DROPPED, for want of granted room */
#define PSX_REG_DROPPED_FULL_HI		0x39c

/* What the device writes to the completion queue; little-endian. */
struct psx_completion {
	__le64 seq;		/* of the frame; dropped frames have one too */
	__le64 device_ns;	/* clock at the end of the last exposure */
	__le64 position;	/* of the payload in the data ring, never wraps */
	__le64 dropped;		/* DROPPED at that time */
	__le32 length;		/* bytes of payload */
	__le32 effective;
	__le32 saturated;
	__le32 cfg_id;
	__le32 trigger;		/* number of the trigger that began it */
	__le32 stage_x;		/* signed, as stage_y */
	__le32 stage_y;
	__le32 crc32c;		/* of the payload */
	u8 bank;
	u8 channel;		/* place in the schedule */
	u8 mode;
	u8 pga;			/* log2 */
	__le32 reserved[14];	/* zero */
	__le32 tag;		/* (index >> CQ_SHIFT) + 1, written last */
};

static_assert(sizeof(struct psx_completion) == 128, "completion is 128 bytes");

#endif /* PSX_REGS_H */
