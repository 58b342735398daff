import { nameOf, type NamedRecord } from '../../../../nodes/Cliniko/records/named.ts';

const full = { title: 'Dr', first_name: 'Imani', last_name: 'Lindqvist' };

it.each<[Partial<NamedRecord>, string | null]>([
	[{ name: ' Student ' }, 'Student'],
	[{ business_name: 'Harbour Street', display_name: 'Harbour', label: 'H' }, 'Harbour Street'],
	[{ display_name: 'Dr I. Lindqvist', label: 'L', ...full }, 'Dr I. Lindqvist'],
	[{ display_name: '', label: 'Lindqvist', ...full }, 'Lindqvist'],
	[{ display_name: null, label: ' ', ...full }, 'Dr Imani Lindqvist'],
	[{ ...full, title: null }, 'Imani Lindqvist'],
	[{ name: '', title: '', first_name: null }, null],
	[{}, null],
])('The name in %j is %j', (record, name) => {
	expect(nameOf({ id: '1', ...record })).toBe(name);
});
