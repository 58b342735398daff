/**
 * No fault may lose a file, store it twice, or put it on another patient's record, and every
 * failure is reported. The rows are in `fault-table.cts`. To run one of them, use its name:
 * `npx jest test/engine/faults -t "create: 503"`.
 *
 * @jest-environment ./test/engine/environment.cjs
 */
import { BUCKET_HOST, SANDBOX_API_KEY, type RecordedRequest } from '../../sandbox/sandbox.cts';
import { credentialRows, rows, type CredentialRow, type Row } from './fault-table.cts';
import { runRows, type Outcome, type RowFile, type Tested } from './lanes.cts';

/** Each is a process of about 150 MB that is idle most of the time. */
const LANES = 24;

const API_HOST = 'api.au1.cliniko.com';

/** How a message says that a file is not there, and that this is unknown. */
const SAYS_NOT_THERE =
	/not on the patient’s record|was not sent|was not stored|has no patient|Could not put the file/;
const SAYS_PERHAPS =
	/not known whether|does not show the record|may be there|may be on the patient’s record/;

/**
 * What must not leak: the key, whole, without its shard and encoded; a policy, a signature, an
 * access key; a patient's name.
 */
const SECRETS = [
	SANDBOX_API_KEY.replace(/-au1$/, ''),
	Buffer.from(SANDBOX_API_KEY).toString('base64').slice(0, -4),
	/eyJleHBp/,
	/[\da-f]{64}/,
	/AKIA/,
	/X-Amz-Signature/i,
	/O['’]Hara|Zo[eë]\b/,
];

/** Whether the test with this name runs. */
const isWanted = (name: string): boolean =>
	(globalThis as { testNamePattern?: RegExp | null }).testNamePattern?.test(name) ?? true;

const titleOf = ({ what }: CredentialRow) => `test of the credential: ${what}`;

let outcomes: Map<Row, Outcome>;
let tested: Map<CredentialRow, Tested>;

beforeAll(async () => {
	const wanted = rows.filter(({ what }) => isWanted(what));
	const wantedTests = credentialRows.filter((row) => isWanted(titleOf(row)));
	({ outcomes, tested } = await runRows(wanted, wantedTests, Math.min(LANES, wanted.length + 1)));
}, 600_000);

afterAll(() => {
	const sum = (count: (outcome: Outcome) => number) =>
		[...outcomes.values()].map(count).reduce((total, one) => total + one, 0);
	process.stdout.write(
		`${outcomes.size + tested.size} faults: ${sum(lost)} attachments lost, ${sum(duplicated)} duplicated, ${sum(misplaced)} misplaced\n`,
	);
});

it.each(rows)('$what', (row) => {
	const outcome = outcomes.get(row)!;
	expect({ faultsThatStruckNothing: outcome.unused }).toEqual({ faultsThatStruckNothing: [] });
	expectEnd(row, outcome);
	expectRequests(row, outcome);
	expect([lost, duplicated, misplaced].map((count) => count(outcome))).toEqual([0, 0, 0]);
	expectHonestWords(outcome);
	expectNothingGivenAway(outcome, row.tls);
	expect(outcome.took).toBeGreaterThanOrEqual(row.waits ?? 0);
});

it.each(credentialRows)('test of the credential: $what', (row) => {
	const { status, message, requests, unused } = tested.get(row)!;
	expect(unused).toEqual([]);
	expect(message).toMatch(row.then);
	expect(status).toBe(row.ok ? 'OK' : 'Error');
	expectNothingGivenAway({ requests, written: message }, row.tls);
});

/** Each file is where the row says, and became an item or a message. */
function expectEnd(row: Row, outcome: Outcome): void {
	const { files, output, error } = outcome;
	const { goOn = false, then = {} } = row;
	const expectsItems = goOn || Object.keys(then).length === 0;
	expect({ items: output.length, error }).toEqual({
		items: expectsItems ? files.length : 0,
		error: expectsItems ? undefined : expect.anything(),
	});
	files.forEach((file, at) => {
		const end = then[at];
		const copies = copiesOf(outcome, file);
		if (end === 'skipped') {
			expect(copies).toEqual([]);
		} else if (end) {
			const words = messageFor(outcome, at);
			expect(words.message).toMatch(end.message);
			expect(words.advice).toMatch(end.advice);
			if (end.there !== undefined) expect(copies).toHaveLength(end.there ? 1 : 0);
			if (end.says === 'id') expect(words.message).toContain(copies[0]!.id);
			if (end.says === 'perhaps') expect(words.message + words.advice).toMatch(SAYS_PERHAPS);
		} else {
			expect(copies).toHaveLength(1);
			if (expectsItems) expectItem(row, outcome, at);
		}
	});
}

function expectItem(row: Row, outcome: Outcome, at: number): void {
	const file = outcome.files[at]!;
	const finished = row.options?.onTimeout !== 'continue';
	const { json, pairedItem } = outcome.output[at]!;
	expect(pairedItem).toEqual({ item: at });
	const record = outcome.attachments.find(({ id }) => id === json.id);
	const filename = outcome.cleansNames ? record?.filename : file.name;
	expect(json).toMatchObject({
		patient_id: file.patientId,
		processing_completed: finished,
		...(finished && { filename, size: file.content.length }),
	});
	// If two files have identical contents, either may have either record.
	const alike = outcome.files.filter((other) => looksLike(other, file));
	expect(alike.flatMap((other) => copiesOf(outcome, other)).map(({ id }) => id)).toContain(json.id);
	const ids = outcome.output.map((item) => item.json.id);
	expect(ids.filter((id) => id === json.id)).toHaveLength(1);
}

/** Each step got as many requests as the row says. */
function expectRequests({ asked }: Row, { requests, files }: Outcome): void {
	const times = (step: string) => requests.filter((request) => stepOf(request) === step).length;
	const each = files.length;
	const [presign, s3, create, poll = each + 1, get = 0, patients = 1] = asked ?? [each, each, each];
	const did = {
		patients: times('patients'),
		presign: times('presign'),
		s3: times('s3'),
		create: times('create'),
	};
	expect(did).toEqual({ patients, presign, s3: typeof s3 === 'number' ? s3 : did.s3, create });
	if (typeof s3 !== 'number') expect(did.s3).toBeLessThanOrEqual(s3.upTo);
	expect(times('poll')).toBeLessThanOrEqual(poll);
	expect(times('get')).toBeLessThanOrEqual(get);
	expect(times('user')).toBeLessThanOrEqual(get > 0 ? 1 : 0);
}

/** Each failed file has a message with advice, and what it says about the file is true. */
function expectHonestWords(outcome: Outcome): void {
	const { files, output, error } = outcome;
	if (error) expect(error.description).toMatch(/\w+ \w+/);
	const struck = error && Number(/\[item (\d+)\]/.exec(error.message)?.[1]);
	files.forEach((file, at) => {
		if (!error && !output[at]?.json.error) return;
		const { message, advice } = messageFor(outcome, at);
		const [there] = copiesOf(outcome, file);
		if (!there) return;
		if (!SAYS_PERHAPS.test(message + advice)) expect(message).toContain(there.id);
		if (struck === undefined || struck === at) {
			expect(message + advice).not.toMatch(SAYS_NOT_THERE);
		}
	});
}

/**
 * The key was sent to Cliniko only, there were no requests to other hosts, and n8n stores no
 * secret.
 */
function expectNothingGivenAway(
	{ requests, written }: Pick<Outcome, 'requests' | 'written'>,
	tls: Row['tls'],
): void {
	for (const { host, method, path, status, headers } of requests) {
		// A connection that the proxy accepted and that failed in the handshake.
		if (tls && method === 'CONNECT' && status === null) continue;
		expect([API_HOST, BUCKET_HOST]).toContain(host);
		expect(path).toMatch(/^\//);
		if (host === API_HOST) expect(headers.authorization).toMatch(/^Basic /);
		else expect(headers).not.toHaveProperty('authorization');
	}
	for (const secret of SECRETS) expect(written).not.toMatch(secret);
}

function messageFor({ error, output }: Outcome, at: number): { message: string; advice: string } {
	if (error) return { message: error.message, advice: error.description ?? '' };
	// n8n keeps a single text of an error item.
	const text = String(output[at]?.json.error);
	return { message: text, advice: text };
}

function copiesOf({ attachments }: Outcome, file: RowFile): Outcome['attachments'] {
	return attachments.filter(
		({ sha256, patientId }) => sha256 === file.sha256 && patientId === file.patientId,
	);
}

function looksLike(a: RowFile, b: RowFile): boolean {
	return a.name === b.name && a.patientId === b.patientId;
}

/** Files that are missing from the record without a message. */
function lost(outcome: Outcome): number {
	const { files, output, error } = outcome;
	return files.filter(
		(file, at) => !error && !output[at]?.json.error && copiesOf(outcome, file).length === 0,
	).length;
}

function duplicated(outcome: Outcome): number {
	return outcome.files
		.map((file) => Math.max(copiesOf(outcome, file).length - 1, 0))
		.reduce((total, more) => total + more, 0);
}

/** Attachments with one of our files on another patient's record. */
function misplaced({ attachments, files }: Outcome): number {
	return attachments.filter(({ sha256, patientId }) => {
		const file = files.find((one) => one.sha256 === sha256);
		return file && file.patientId !== patientId;
	}).length;
}

function stepOf({ method, host, path }: RecordedRequest): string {
	if (method === 'CONNECT') return 'connect';
	if (host === BUCKET_HOST) return method === 'POST' ? 's3' : 'content';
	if (path === '/v1/user') return 'user';
	if (path.startsWith('/v1/patients?')) return 'patients';
	if (path.endsWith('/attachment_presigned_post')) return 'presign';
	if (method === 'POST') return 'create';
	return /\/patient_attachments\/\d+(\?|$)|id%3A%3D|id:=/.test(path.replace(/patient_id/g, ''))
		? 'poll'
		: 'get';
}
