import { ownUserId } from '../../../../nodes/Cliniko/requests/ownUser.ts';
import { FakeCliniko, reply, type Answer } from '../connection.cts';

describe('The user that the API key belongs to', () => {
	const idFrom = async (answer: Answer) => {
		const cliniko = new FakeCliniko(() => answer);
		return { id: await ownUserId(cliniko.api), lines: [...new Set(cliniko.lines)] };
	};

	it('is requested from Cliniko', async () => {
		expect(await idFrom({ id: '9007199254740993', role: 'receptionist' })).toEqual({
			id: '9007199254740993',
			lines: ['GET /user'],
		});
	});

	it.each<[string, Answer]>([
		['refuses', reply(403)],
		['has a fault', reply(503)],
		['does not answer', new Error('ECONNRESET')],
		['answers with a web page', reply(200, '<html>')],
		['names none', {}],
	])('is unknown when Cliniko %s', async (_, answer) => {
		expect((await idFrom(answer)).id).toBeUndefined();
	});
});
