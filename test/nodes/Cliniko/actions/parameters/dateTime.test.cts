import { inUtc } from '../../../../../nodes/Cliniko/actions/parameters/dateTime.ts';

describe('A timestamp for a filter', () => {
	it.each([
		['2026-11-22', '2026-11-21T13:00:00Z'],
		['2026-11-22T09:30', '2026-11-21T22:30:00Z'],
		['2026-11-22 09:30', '2026-11-21T22:30:00Z'],
		['2026-11-22T09:30:15', '2026-11-21T22:30:15Z'],
		['2026-11-22T09:30:15.999', '2026-11-21T22:30:15Z'],
		['2026-07-22T09:30', '2026-07-21T23:30:00Z'],
	])('without an offset is one by the clocks of the workflow’s zone: %s', (text, utc) => {
		expect(inUtc(text, 'Australia/Melbourne')).toBe(utc);
	});

	it.each([
		['2026-11-22T09:30:00Z', '2026-11-22T09:30:00Z'],
		['2026-11-22T09:30Z', '2026-11-22T09:30:00Z'],
		['2026-11-22T09:30:00.000+10:00', '2026-11-21T23:30:00Z'],
		['2026-11-22T09:30:00+1000', '2026-11-21T23:30:00Z'],
		['2026-11-22T09:30:00-03:30', '2026-11-22T13:00:00Z'],
	])('with an offset is the same in every zone: %s', (text, utc) => {
		for (const zone of ['Australia/Melbourne', 'UTC', 'America/St_Johns']) {
			expect(inUtc(text, zone)).toBe(utc);
		}
	});

	it.each([
		['half an hour', 'Asia/Kolkata', '2026-01-01T04:00:00Z'],
		['three quarters', 'Asia/Kathmandu', '2026-01-01T03:45:00Z'],
		['a day ahead', 'Pacific/Kiritimati', '2025-12-31T19:30:00Z'],
		['behind', 'Pacific/Honolulu', '2026-01-01T19:30:00Z'],
		['with half an hour of summer time', 'Australia/Lord_Howe', '2025-12-31T22:30:00Z'],
	])('may be in a zone of %s: %s', (_, zone, utc) => {
		expect(inUtc('2026-01-01T09:30', zone)).toBe(utc);
	});

	it.each([
		['the hour before the clocks go forward', '2026-10-04T01:59:59', '2026-10-03T15:59:59Z'],
		['the hour after', '2026-10-04T03:00', '2026-10-03T16:00:00Z'],
		['midnight of that day', '2026-10-04', '2026-10-03T14:00:00Z'],
		['the hour before the clocks go back', '2026-04-05T01:59:59', '2026-04-04T14:59:59Z'],
		['the hour after', '2026-04-05T03:00', '2026-04-04T17:00:00Z'],
		['midnight of that day', '2026-04-05', '2026-04-04T13:00:00Z'],
	])('is exact near a change of the clocks: %s', (_, text, utc) => {
		expect(inUtc(text, 'Australia/Sydney')).toBe(utc);
	});

	it('that the clocks show twice is one of the two', () => {
		expect(['2026-04-04T15:30:00Z', '2026-04-04T16:30:00Z']).toContain(
			inUtc('2026-04-05T02:30', 'Australia/Sydney'),
		);
	});

	it('that the clocks never show is within the hour around it', () => {
		expect(['2026-10-03T15:30:00Z', '2026-10-03T16:30:00Z']).toContain(
			inUtc('2026-10-04T02:30', 'Australia/Sydney'),
		);
	});

	it.each([
		'',
		'today',
		'22/11/2026',
		'2026-11',
		'2026-11-22T',
		'2026-11-22T9:30',
		'2026-11-22T25:00',
		'2026-11-22T09:60',
		'2026-13-01',
		'2026-00-10',
		'2026-02-30',
		'2026-02-29',
		'2026-04-31T10:00',
		'2026-11-22T09:30+25:00',
		'2026-11-22T09:30:00Zz',
		' 2026-11-22',
		'2026-11-22\n2026-11-23',
		'2026-11-22,2026-11-23',
		'1795303800000',
	])('is not %j', (text) => {
		expect(inUtc(text, 'Australia/Melbourne')).toBeUndefined();
		expect(inUtc(text, 'UTC')).toBeUndefined();
	});
});
