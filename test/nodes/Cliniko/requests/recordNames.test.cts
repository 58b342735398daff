import { Cancelled } from '../../../../nodes/Cliniko/errors.ts';
import { namesOf } from '../../../../nodes/Cliniko/requests/recordNames.ts';
import { FakeCliniko, rejection, reply, type Answer } from '../connection.cts';

const list = (...businesses: object[]) => ({ businesses, total_entries: businesses.length });

/** Looks up three businesses, of which the list has the first; the others are answered like this. */
async function lookUp(answer: (path: string) => Answer) {
	const cliniko = new FakeCliniko(({ path }) =>
		path === '/businesses' ? list({ id: '1', business_name: 'Mill' }) : answer(path),
	);
	const names = await namesOf(cliniko.api, 'businesses', ['1', '2', '3', '2']);
	return { names: [...names], lines: [...new Set(cliniko.lines)] };
}

it('Names that the list does not have are read one by one, each once', async () => {
	const name = (path: string) => ({ id: path.slice(-1), business_name: path });
	expect(await lookUp(name)).toEqual({
		names: [
			['1', 'Mill'],
			['2', '/businesses/2'],
			['3', '/businesses/3'],
		],
		lines: ['GET /businesses', 'GET /businesses/2', 'GET /businesses/3'],
	});
});

it('One that is gone keeps no other from being read', async () => {
	const { names } = await lookUp((path) =>
		path.endsWith('2') ? reply(404) : { id: '3', label: 'Quay' },
	);
	expect(names).toEqual([
		['1', 'Mill'],
		['3', 'Quay'],
	]);
});

it.each([reply(403), reply(503), new Error('ECONNRESET')])(
	'A fault that others would have too ends the reading, and is no error: %#',
	async (answer) => {
		expect(await lookUp(() => answer)).toEqual({
			names: [['1', 'Mill']],
			lines: ['GET /businesses', 'GET /businesses/2'],
		});
	},
);

it('Without the list, none is read, and that is no error', async () => {
	const cliniko = new FakeCliniko(() => reply(403));
	expect((await namesOf(cliniko.api, 'practitioners', ['1', '2'])).size).toBe(0);
	expect(cliniko.lines).toEqual(['GET /practitioners']);
});

it('A cancelled execution is not hidden', async () => {
	const assertNotCancelled = () => {
		throw new Cancelled('The execution was canceled.', 'Nothing more was sent to Cliniko.');
	};
	const { api } = new FakeCliniko(() => list(), { assertNotCancelled });
	expect(await rejection(namesOf(api, 'businesses', ['1']))).toBeInstanceOf(Cancelled);
});

it('Nothing is sent for no ids', async () => {
	const cliniko = new FakeCliniko(() => list());
	expect((await namesOf(cliniko.api, 'businesses', [])).size).toBe(0);
	expect(cliniko.lines).toEqual([]);
});
