import { clinikoTimestamp } from '../../transport/cliniko/timestamp';

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * The moment that a text means, as Cliniko's filters take it.
 *
 * @param text ISO 8601: a day, or a day and a time, with or without an offset
 * @param zone the IANA time zone that is meant where the text has no offset; n8n's date picker gives none
 * @returns such as `2026-11-22T09:30:00Z`; nothing if the text is no such moment
 */
export function inUtc(text: string, zone: string): string | undefined {
	const [, day, minutes = '00:00', seconds = ':00', offset] = MOMENT.exec(text) ?? [];
	const asUtc = Date.parse(`${day}T${minutes}${seconds}Z`);
	if (!day || Number.isNaN(asUtc) || !isDay(day)) return undefined;
	const moment = offset ? Date.parse(`${day}T${minutes}${seconds}${offset}`) : inZone(asUtc, zone);
	return Number.isNaN(moment) ? undefined : clinikoTimestamp(moment);
}

/** Whether the calendar has this day: to JavaScript February 30 is March 2. */
function isDay(day: string): boolean {
	return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

/** The moment at which the clocks of a zone show what clocks in UTC show at `asUtc`. */
function inZone(asUtc: number, zone: string): number {
	const first = asUtc - offsetAt(asUtc, zone);
	// Near a change of the clocks the offset at the first guess is not yet the right one.
	return asUtc - offsetAt(first, zone);
}

/** How far the clocks of a zone are ahead of UTC at a moment, in ms. */
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
