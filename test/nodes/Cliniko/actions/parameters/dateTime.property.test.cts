import fc from 'fast-check';

import { inUtc } from '../../../../../nodes/Cliniko/actions/parameters/dateTime.ts';

const ZONES = [
	'UTC',
	'Australia/Sydney',
	'Australia/Lord_Howe',
	'Australia/Brisbane',
	'Pacific/Auckland',
	'Pacific/Chatham',
	'Pacific/Apia',
	'Pacific/Kiritimati',
	'Europe/London',
	'Europe/Dublin',
	'Africa/Casablanca',
	'America/Toronto',
	'America/St_Johns',
	'Asia/Kathmandu',
];

const CLOCKS = Object.fromEntries(
	ZONES.map((timeZone) => [
		timeZone,
		new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }),
	]),
);

/** Local time in a zone, such as `2026-11-22T09:30:15`. */
function shownBy(zone: string, moment: number): string {
	return CLOCKS[zone]!.format(moment).replace(' ', 'T');
}

const zone = fc.constantFrom(...ZONES);

const FIRST = Date.UTC(2000, 0, 1);

const second = fc
	.integer({ min: 0, max: (Date.UTC(2035, 0, 1) - FIRST) / 1000 })
	.map((seconds) => FIRST + seconds * 1000);

/** A day near a DST change. */
const nearChange = fc
	.tuple(zone, fc.integer({ min: 2005, max: 2030 }), fc.boolean(), fc.nat({ max: 172_800 }))
	.map(([name, year, first, seconds]) => {
		const changes = changesIn(name, year);
		const day = (first ? changes[0] : changes.at(-1)) ?? Date.UTC(year, 3, 1);
		return { name, moment: day - 43_200_000 + seconds * 1000 };
	});

/** The days on which the offset changes. */
function changesIn(name: string, year: number): number[] {
	const days = Array.from({ length: 366 }, (_, day) => Date.UTC(year, 0, 1 + day));
	const offset = (moment: number) => Date.parse(`${shownBy(name, moment)}Z`) - moment;
	const offsets = days.map(offset);
	return days.filter((_, at) => at + 1 < days.length && offsets[at] !== offsets[at + 1]);
}

describe('A local time in a zone', () => {
	it('is an instant with exactly that local time, if there is one', () => {
		fc.assert(
			fc.property(
				fc.oneof(fc.record({ name: zone, moment: second }), nearChange),
				({ name, moment }) => {
					const text = shownBy(name, moment);
					const found = inUtc(text, name)!;
					expect({ name, text: shownBy(name, Date.parse(found)) }).toEqual({ name, text });
					// Local times occur once, or twice within three hours.
					expect(Math.abs(Date.parse(found) - moment)).toBeLessThanOrEqual(3 * 3_600_000);
				},
			),
			{ numRuns: 500 },
		);
	});

	it('is within an hour, or a skipped day, of a local time that does not exist', () => {
		fc.assert(
			fc.property(nearChange, ({ name, moment }) => {
				const text = new Date(moment).toISOString().slice(0, 19);
				const shown = Date.parse(`${shownBy(name, Date.parse(inUtc(text, name)!))}Z`);
				// Samoa skipped a whole day in 2011.
				expect(Math.abs(shown - moment)).toBeLessThanOrEqual(
					name === 'Pacific/Apia' ? 86_400_000 : 3_600_000,
				);
			}),
			{ numRuns: 300 },
		);
	});

	it('with an offset is the same for every other parser', () => {
		fc.assert(
			fc.property(
				second,
				fc.integer({ min: -14 * 4, max: 14 * 4 }),
				zone,
				(moment, quarters, name) => {
					const shown = new Date(moment + quarters * 900_000).toISOString().slice(0, 19);
					const minutes = Math.abs(quarters) * 15;
					const two = (value: number) => String(value).padStart(2, '0');
					const offset = `${quarters < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
					const utc = `${new Date(moment).toISOString().slice(0, 19)}Z`;
					expect(inUtc(`${shown}${offset}`, name)).toBe(utc);
					expect(inUtc(`${shown}.123${offset.replace(':', '')}`, name)).toBe(utc);
				},
			),
			{ numRuns: 500 },
		);
	});

	it('is undefined or a timestamp that Cliniko accepts, whatever is typed', () => {
		const text = fc.oneof(
			fc.string({ unit: fc.constantFrom(...'0123456789-T: Z+.,*') }),
			fc.string(),
			second.map((moment) => new Date(moment).toISOString()),
		);
		fc.assert(
			fc.property(text, zone, (typed, name) => {
				expect(inUtc(typed, name) ?? '2026-01-01T00:00:00Z').toMatch(
					/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
				);
			}),
			{ numRuns: 1000 },
		);
	});
});
