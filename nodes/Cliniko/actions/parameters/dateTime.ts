import { clinikoTimestamp } from '../../transport/cliniko/timestamp';

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Converts a date or time to the form that Cliniko's filters take.
 *
 * @param text ISO 8601: a date, or a date and a time, with or without an offset
 * @param zone the IANA time zone of a text without an offset, which is what n8n's date picker gives
 * @returns for example `2026-11-22T09:30:00Z`; undefined if the text is not a valid date or time
 */
export function inUtc(text: string, zone: string): string | undefined {
	const [, day, minutes = '00:00', seconds = ':00', offset] = MOMENT.exec(text) ?? [];
	const asUtc = Date.parse(`${day}T${minutes}${seconds}Z`);
	if (!day || Number.isNaN(asUtc) || !isDay(day)) return undefined;
	const moment = offset ? Date.parse(`${day}T${minutes}${seconds}${offset}`) : inZone(asUtc, zone);
	return Number.isNaN(moment) ? undefined : clinikoTimestamp(moment);
}

/** Whether the date exists: JavaScript reads February 30 as March 2. */
function isDay(day: string): boolean {
	return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** The time at which a zone's clocks show what UTC clocks show at `asUtc`. */
function inZone(asUtc: number, zone: string): number {
	const first = asUtc - offsetAt(asUtc, zone);
	// Near a daylight saving change, the offset of the first guess may be wrong.
	return asUtc - offsetAt(first, zone);
}

/** The offset of a zone from UTC at a given time, in ms. */
function offsetAt(moment: number, zone: string): number {
	const parts = new Intl.DateTimeFormat('en-US', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
	}).formatToParts(moment);
	const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
	const shown = Date.UTC(
		part('year'),
		part('month') - 1,
		part('day'),
		part('hour'),
		part('minute'),
		part('second'),
	);
	return shown - Math.floor(moment / 1000) * 1000;
}
