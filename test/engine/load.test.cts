/**
 * Many executions at once in one n8n process, each with one file for a patient of its own: the ordinary
 * load of a form or an e-mail inbox.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { RecordedRequest, Reply, SandboxOptions } from '../../sandbox/sandbox.cts';
import {
	by,
	CREDENTIAL,
	file,
	sha256,
	useClinic,
	type UploadResult,
	type UploadRun,
} from './clinic.cts';

// The rate limit is learned, so the first test needs a new process.
const clinic = useClinic();

/** One execution. */
interface Intake {
	patientId: string;
	content: Buffer;
	credential: typeof CREDENTIAL;
	result: UploadResult;
}

interface Burst {
	count: number;
	settings?: Partial<SandboxOptions>;
	/** How long each execution starts after the one before, in ms. */
	stagger?: number;
	/** The settings of single executions, by their number. */
	special?: (number: number) => Partial<UploadRun>;
	credentialOf?: (number: number) => typeof CREDENTIAL;
}

async function burst({
	count,
	settings = {},
	stagger = 0,
	special = () => ({}),
	credentialOf = () => CREDENTIAL,
}: Burst): Promise<Intake[]> {
	const { sandbox } = clinic;
	Object.assign(sandbox.settings, settings);
	const started = Array.from({ length: count }, async (_, number): Promise<Intake> => {
		const { id: patientId } = sandbox.clinic.addPatient();
		const content = Buffer.from(`The file of execution ${number}`);
		await sleep(number * stagger);
		const credential = credentialOf(number);
		const result = await clinic.run({
			items: [{ files: { data: file('referral.txt', content) } }],
			credential,
			...special(number),
			parameters: { patientId: by('id', patientId) },
		});
		return { patientId, content, credential, result };
	});
	return await Promise.all(started);
}

/** How many files are not on their patient's record, are there twice, or are on another one. */
function harm(intakes: Intake[]): { lost: number; duplicated: number; misplaced: number } {
	const stored = [...clinic.sandbox.clinic.attachments.values()];
	const of = ({ patientId, content }: Intake) =>
		stored.filter((one) => one.stored.sha256 === sha256(content) && one.patientId === patientId);
	const copies = intakes.map((intake) => of(intake).length);
	const count = (copiesOf: (number: number) => boolean) => copies.filter(copiesOf).length;
	return {
		lost: count((number) => number === 0),
		duplicated: count((number) => number > 1),
		misplaced: stored.length - copies.reduce((sum, number) => sum + number, 0),
	};
}

const NO_HARM = { lost: 0, duplicated: 0, misplaced: 0 };

function failures(intakes: Intake[]): string[] {
	return intakes.flatMap(({ result }) => result.error?.message ?? []);
}

/** Requests to Cliniko, without those to S3. */
function calls(): RecordedRequest[] {
	return clinic.sandbox.requests.filter(({ host }) => host.startsWith('api.'));
}

const refused = () => calls().filter(({ status }) => status === 429);
it('has few of its calls refused at the limit, and loses nothing', async () => {
	const intakes = await burst({
		count: 100,
		settings: {
			processingMs: 2000,
			requestsPerWindow: 50,
			rateLimitWindowMs: 5000,
			// Clocks that differ by as much as half a window make a reset a guess.
			clockSpreadMs: 0,
		},
	});

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
	expect(calls().length).toBeLessThanOrEqual(100 * 3.5);
	// Those in flight when the limit is met for the first time, and one or two a window. On a quiet
	// machine it is below 5 %: the bench measures it.
	expect(refused().length / calls().length).toBeLessThanOrEqual(0.08);
});

it('takes at most 3.5 calls a file where 40 executions begin together', async () => {
	const intakes = await burst({ count: 40, settings: { processingMs: 3000 } });

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
	expect(calls().length).toBeLessThanOrEqual(40 * 3.5);
});

it('creates the records of files in S3 before it begins other files', async () => {
	const settings = { requestsPerWindow: 20, rateLimitWindowMs: 3000 };
	await burst({ count: 40, settings });

	const kinds = calls().filter(({ status }) => status !== 429);
	let begun = 0;
	let most = 0;
	for (const { method, path } of kinds) {
		if (path.endsWith('attachment_presigned_post')) begun++;
		if (method === 'POST') begun--;
		most = Math.max(most, begun);
	}
	// What is at S3, or on its way there, is no more than what was in flight at once.
	expect(most).toBeLessThanOrEqual(20);
});

it('copes with executions that arrive one after the other', async () => {
	const settings = { processingMs: 1500, requestsPerWindow: 40, rateLimitWindowMs: 3000 };
	const intakes = await burst({ count: 40, stagger: 60, settings });

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
});

it('copes with a 429 in the middle', async () => {
	const headers = { 'X-RateLimit-Reset': '2' };
	clinic.sandbox.faults.add({
		on: 'presign',
		skip: 12,
		times: 5,
		act: 'before',
		do: { reply: { status: 429, headers } },
	});
	const intakes = await burst({ count: 30 });

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
	expect(refused()).toHaveLength(5);
});

it('goes on where the execution that polls is cancelled', async () => {
	clinic.sandbox.faults.add({ on: 'poll', act: 'before', do: { hang: true } });
	const intakes = await burst({
		count: 10,
		settings: { processingMs: 2000 },
		// Whichever polls first: its request hangs until it is cancelled.
		special: (number) => (number < 9 ? { cancelAfter: 4000 } : {}),
	});

	expect(harm(intakes)).toEqual(NO_HARM);
	const last = intakes.at(-1)!;
	expect(last.result.output).toHaveLength(1);
	expect(last.result.output[0]!.json.processing_completed).toBe(true);
});

it('fails no other execution where one fails', async () => {
	const wrongKey = {
		...CREDENTIAL,
		apiKey: `${CREDENTIAL.apiKey.slice(0, 6)}x${CREDENTIAL.apiKey.slice(7)}`,
	};
	const intakes = await burst({
		count: 20,
		settings: { processingMs: 1500 },
		credentialOf: (number) => (number === 3 ? wrongKey : CREDENTIAL),
	});

	expect(failures(intakes)).toHaveLength(1);
	expect(harm(intakes)).toEqual({ ...NO_HARM, lost: 1 });
});

it('keeps two accounts apart', async () => {
	// The limit is each user's own.
	const { apiKey } = clinic.sandbox.clinic.addUser({ id: '77' });
	const other = { ...CREDENTIAL, apiKey };
	const settings = { processingMs: 1000, requestsPerWindow: 40, rateLimitWindowMs: 3000 };
	const intakes = await burst({
		count: 40,
		settings,
		credentialOf: (number) => (number % 2 === 0 ? CREDENTIAL : other),
	});

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
	const ids = new Map<string, Set<string>>();
	for (const { path, headers } of calls()) {
		const asked = /q%5B%5D=id%3A%3D([\d%2C]+)/.exec(path)?.[1]?.split('%2C') ?? [];
		const key = String(headers.authorization);
		ids.set(key, new Set([...(ids.get(key) ?? []), ...asked]));
	}
	const [first, second] = [...ids.values()];
	expect(ids.size).toBe(2);
	expect([...first!].filter((id) => second!.has(id))).toEqual([]);
});

it('goes on with a new key while the old one is still used', async () => {
	const rotated = { ...CREDENTIAL, apiKey: clinic.sandbox.clinic.addUser({ id: '77' }).apiKey };
	const intakes = await burst({
		count: 20,
		stagger: 50,
		settings: { processingMs: 1000 },
		credentialOf: (number) => (number < 10 ? CREDENTIAL : rotated),
	});

	expect(failures(intakes)).toEqual([]);
	expect(harm(intakes)).toEqual(NO_HARM);
});

it('ends the wait for the limit of one that is cancelled, and holds up nobody', async () => {
	const headers = { 'X-RateLimit-Reset': '6' };
	clinic.sandbox.faults.add({
		on: 'presign',
		act: 'before',
		do: { reply: { status: 429, headers } },
	});
	const intakes = await burst({
		count: 10,
		special: (number) => (number === 4 ? { cancelAfter: 2000 } : {}),
	});

	const cancelled = intakes[4]!.result;
	// Long before the limit is reset.
	expect(cancelled.took).toBeLessThan(4000);
	expect(harm(intakes.filter((_, number) => number !== 4))).toEqual(NO_HARM);
});

it('takes no other execution’s record for its own where a creation is answered with it', async () => {
	const { sandbox } = clinic;
	const { id: patientId } = sandbox.clinic.addPatient();
	const run = async (name: string, content: string) =>
		await clinic.run({
			items: [{ files: { data: file(name, content) } }],
			parameters: { patientId: by('id', patientId) },
		});
	let first: Reply | undefined;
	sandbox.faults.add({ on: 'create', act: 'after', do: { rewrite: (reply) => (first = reply) } });
	await run('blood test.txt', 'a');
	sandbox.faults.add({ on: 'create', act: 'after', do: { rewrite: () => first! } });
	const { output, error } = await run('x-ray report.txt', 'an x-ray');
	expect(error).toBeUndefined();
	const own = [...sandbox.clinic.attachments.values()].find(
		({ stored }) => stored.sha256 === sha256('an x-ray'),
	);
	expect(output.map(({ json }) => json.id)).toEqual([own?.id]);
});
