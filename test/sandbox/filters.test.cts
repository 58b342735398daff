import { compileFilters, type Comparison, type Fields } from '../../sandbox/api/filters.cts';
import { Refusal } from '../../sandbox/reply.cts';

interface Row {
	name: string | null;
	size: bigint | null;
	born: string | null;
	at: number | null;
	active: boolean;
}

const fields: Fields<Row> = {
	name: { kind: 'string', of: (row) => row.name },
	size: { kind: 'numeric', of: (row) => row.size },
	born: { kind: 'date', of: (row) => row.born },
	at: { kind: 'date-time', of: (row) => row.at },
	active: { kind: 'boolean', of: (row) => row.active },
};

const row: Row = {
	name: 'Left Knee.pdf',
	size: 12n,
	born: '1987-05-31',
	at: Date.UTC(2024, 0, 2, 3, 4, 5, 600),
	active: true,
};
const empty: Row = { name: null, size: null, born: null, at: null, active: false };

const fits = (filter: string, of = row) => compileFilters([filter], fields)(of);

describe('A filter', () => {
	it.each([
		'name:=left knee.pdf',
		'name:!=right',
		'name:~Knee',
		'name:~~%knee%',
		'name:~~L%.pdf',
		'name:?',
		'size:=12',
		'size:=1,12,3',
		'size:!=13',
		'size:>=12',
		'size:>11',
		'size:<=12',
		'size:<13',
		'size:?',
		'born:=1987-05-31',
		'born:=****-05-**',
		'born:>=1987-05-31',
		'born:>1987-05-30',
		'born:<=1987-05-31',
		'born:<1987-06-01',
		'born:?',
		'at:>=2024-01-02T03:04:05Z',
		'at:>2024-01-02T03:04:05Z',
		'at:<=2024-01-02T03:04:06Z',
		'at:<2024-01-02T13:04:06+10:00',
		'at:?',
		'at:*',
		'active:=true',
		'active:!=false',
	])('lets a row through that it fits: %s', (filter) => {
		expect(fits(filter)).toBe(true);
	});

	it.each([
		'name:=left knee',
		'name:!=LEFT KNEE.PDF',
		'name:~hip',
		'name:~~knee%',
		'name:~~Left.Knee%f.',
		'name:!?',
		'size:=1,2',
		'size:!=12',
		'size:>12',
		'size:<12',
		'size:!?',
		'born:=****-06-**',
		'born:>1987-05-31',
		'born:<1987-05-31',
		'born:!?',
		'at:>2024-01-02T03:04:06Z',
		'at:<2024-01-02T03:04:05Z',
		'at:!?',
		'active:=false',
		'active:!=true',
	])('keeps a row back that it does not fit: %s', (filter) => {
		expect(fits(filter)).toBe(false);
	});

	it('finds a missing value only by asking for it', () => {
		for (const filter of ['name:!?', 'size:!?', 'born:!?', 'at:!?', 'at:*']) {
			expect(fits(filter, empty)).toBe(true);
		}
		for (const filter of ['name:?', 'name:!=x', 'size:!=1', 'size:<1', 'born:<1999-01-01']) {
			expect(fits(filter, empty)).toBe(false);
		}
	});

	it('is one of several that a row has to fit', () => {
		const both = (...filters: string[]) => compileFilters(filters, fields)(row);
		expect(both('size:=12', 'name:~knee')).toBe(true);
		expect(both('size:=12', 'name:~hip')).toBe(false);
	});

	describe.each(['name:=José', 'name:~sé', 'name:~~J%é'])('on a text: %s', (filter) => {
		const among = (comparison?: Comparison) =>
			['José', 'josé', 'Jose', 'JOSE\u0301', 'Jos'].filter((name) =>
				compileFilters([filter], fields, comparison)({ ...row, name }),
			);

		it('minds neither case nor accents unless told to', () => {
			expect(among()).toEqual(['José', 'josé', 'Jose', 'JOSE\u0301']);
			expect(among('insensitive')).toEqual(['José', 'josé', 'Jose', 'JOSE\u0301']);
		});

		it('minds both if told to, down to the way in which an accent is stored', () => {
			const fit = filter === 'name:~sé' ? ['José', 'josé'] : ['José'];
			expect(among('sensitive')).toEqual(fit);
		});

		it('minds one of them alone if told to', () => {
			expect(among('accent-sensitive')).toEqual(['José', 'josé']);
			const fit = filter === 'name:~sé' ? ['José', 'josé', 'Jose'] : ['José', 'Jose'];
			expect(among('case-sensitive')).toEqual(fit);
		});
	});

	it('that excludes a text minds case and accents as the others do', () => {
		const not = (comparison: Comparison) =>
			compileFilters(['name:!=jose'], fields, comparison)({ ...row, name: 'José' });
		expect(not('insensitive')).toBe(false);
		expect(not('sensitive')).toBe(true);
	});

	it('takes a letter of its own for no letter with an accent', () => {
		const fit = (filter: string, name: string) =>
			compileFilters([filter], fields)({ ...row, name });
		expect(fit('name:=Lukasz', 'Łukasz')).toBe(false);
		expect(fit('name:=Soren', 'Søren')).toBe(false);
		expect(fit('name:=Strauss', 'Strauß')).toBe(false);
	});

	it.each([
		['colour:=red', 'colour is not filterable'],
		['name', 'must have an operator'],
		['size:12', 'must have an operator'],
		['name:>a', 'must have an operator'],
		['at:=2024-01-02T03:04:05Z', 'must have an operator'],
		['at:!=2024-01-02T03:04:05Z', 'must have an operator'],
		['active:?', 'must have an operator'],
		['size:=twelve', 'size must be a number'],
		['size:=1,,2', 'size must be a number'],
		['size:>=1,2', 'size must be a number'],
		['born:=31.05.1987', 'born must be a date'],
		['born:>****-05-**', 'born must be a date'],
		['at:>=2024-01-02', 'at must be a date-time'],
		['at:>=2024-01-02T03:04:05 10:00', 'at must be a date-time'],
		['active:=yes', 'active must be a boolean'],
		['name:?x', 'takes no value'],
	])('that is not in the grammar is refused with a 400: %s', (filter, message) => {
		let thrown: unknown;
		try {
			fits(filter);
		} catch (error) {
			thrown = error;
		}
		expect(thrown).toBeInstanceOf(Refusal);
		const { status, body } = (thrown as Refusal).reply;
		expect(status).toBe(400);
		expect(JSON.parse(body).message).toContain(message);
	});
});
