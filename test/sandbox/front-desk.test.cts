import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';

import {
	SANDBOX_OTHER_PATIENT_ID,
	SANDBOX_PATIENT_ID,
	startSandbox,
} from '../../sandbox/sandbox.cts';
import { putOnRecord } from '../engine/records.cts';
import { useSandbox } from './client.cts';

const { sandbox } = useSandbox({ processingMs: 0 });

interface Page {
	status: number;
	headers: IncomingHttpHeaders;
	bytes: Buffer;
	text: string;
}

/** Asks as a browser would, if it had these headers. */
async function open(path = '/', headers = {}, method = 'GET'): Promise<Page> {
	const { hostname, port } = new URL(sandbox.proxyUrl);
	return await new Promise((resolve, reject) => {
		httpRequest({ hostname, port, path, method, headers, agent: false })
			.once('response', (response) => {
				buffer(response).then(
					(bytes) =>
						resolve({
							status: response.statusCode!,
							headers: response.headers,
							bytes,
							text: String(bytes),
						}),
					reject,
				);
			})
			.once('error', reject)
			.end();
	});
}

/** The names of the patients on the page. */
const patientsOn = ({ text }: Page): string[] =>
	[...text.matchAll(/<h2 id="patient-\d+"><span dir="auto">([^<]*)<\/span>/g)].map(
		([, name]) => name!,
	);

const search = async (what: string): Promise<Page> =>
	await open(`/?${new URLSearchParams({ search: what })}`);

const HOSTILE = `"><img src=x onerror='alert(1)'>&lt;`;

beforeEach(() => Object.assign(sandbox.frontDesk, { links: [], mails: [] }));

describe('The front desk’s page', () => {
	it('shows each file on its patient’s record, with its bytes', async () => {
		const file = await putOnRecord(sandbox, {
			name: 'Überweisung.pdf',
			content: '%PDF-1.7 referral',
			description: 'From the form',
		});
		const { text } = await open();
		const sections = text
			.split('<section')
			.filter((section) => section.includes('Überweisung.pdf'));
		expect(sections).toHaveLength(1);
		expect(sections[0]).toContain(`ID ${SANDBOX_PATIENT_ID}`);
		expect(sections[0]).toContain('From the form');
		expect(sections[0]).toContain('17 bytes');
		const { status, bytes, headers } = await open(`/files/${file.id}`);
		expect([status, String(bytes)]).toEqual([200, '%PDF-1.7 referral']);
		expect(headers['content-type']).toBe('application/pdf');
		expect(headers['content-disposition']).toBe("inline; filename*=UTF-8''%C3%9Cberweisung.pdf");
	});

	it('says of a file that it is being processed, and does not show it yet', async () => {
		const file = await putOnRecord(sandbox, { name: 'a.pdf', content: '%PDF', fresh: true });
		expect((await open()).text).toContain('Being processed');
		expect((await open(`/files/${file.id}`)).status).toBe(404);
	});

	it('says what is archived, merged or could not be read', async () => {
		const file = await putOnRecord(sandbox, { name: 'a.pdf', content: 'not a PDF' });
		file.archivedAt = Date.now();
		const { text } = await open();
		const row = /<tr\s+id="file-[^]*?<\/tr>/.exec(text)![0];
		expect(row).toContain('Archived');
		expect(row).toContain('Cliniko could not read it');
		expect(text).toMatch(/Merged with <span dir="auto">Zoë O&#39;Hara<\/span>/);
	});

	it('shows text from outside as text, wherever it stands', async () => {
		const patient = sandbox.clinic.addPatient({
			firstName: HOSTILE,
			lastName: HOSTILE,
			preferredFirstName: HOSTILE,
			email: HOSTILE,
		});
		await putOnRecord(sandbox, {
			patientId: patient.id,
			name: `${HOSTILE.replace('/', '')}.pdf`,
			content: '%PDF',
			description: HOSTILE,
		});
		sandbox.frontDesk.links = [{ text: HOSTILE, href: HOSTILE }];
		sandbox.frontDesk.mails = [
			{
				from: HOSTILE,
				to: [HOSTILE],
				subject: HOSTILE,
				text: HOSTILE,
				attachments: [{ name: HOSTILE, content: Buffer.from('') }],
			},
		];
		const { text } = await search(HOSTILE);
		expect(text).not.toContain('<img');
		expect(text).not.toContain('&lt;');
		const escaped = '&#34;&#62;&#60;img src=x onerror=&#39;alert(1)&#39;&#62;&#38;lt;';
		// Of the search 1, the link 2, the mail 4, the patient 4, and the file 2.
		expect(text.split(escaped)).toHaveLength(1 + 13);
	});

	it('lets the browser run its own script and style only', async () => {
		const { text, headers } = await open();
		const policy = String(headers['content-security-policy']);
		for (const name of ['script', 'style']) {
			const [, inline, ...more] = text.split(new RegExp(`<${name}>([^]*?)</${name}>`));
			const digest = createHash('sha256').update(inline!).digest('base64');
			expect(policy).toContain(`${name}-src 'sha256-${digest}';`);
			expect(more).toHaveLength(1);
		}
		expect(policy).toMatch(/^default-src 'none';/);
		expect(policy).not.toContain('unsafe');
		expect(policy).toContain("frame-ancestors 'none'");
	});

	it.each([
		['page.html', '<script>alert(1)</script>'],
		['picture.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'],
		['feed.xml', '<?xml version="1.0"?><x/>'],
		['program.js', 'alert(1)'],
		['letter.pdf', '<script>alert(1)</script>'],
		['none', '<script>alert(1)</script>'],
	])('has %s downloaded, whatever a patient has put into it', async (name, content) => {
		const { id } = await putOnRecord(sandbox, { name, content });
		const { headers, text } = await open(`/files/${id}`);
		expect(text).toBe(content);
		expect(headers['content-type']).toBe('application/octet-stream');
		expect(headers['content-disposition']).toBe(`attachment; filename*=UTF-8''${name}`);
		expect(headers['x-content-type-options']).toBe('nosniff');
		expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
	});

	it.each([
		['scan.png', Buffer.from([0x89, 0x50, 0x4e, 0x47]), 'image/png'],
		['note.txt', 'Grüße', 'text/plain; charset=utf-8'],
	])('shows %s in the browser, as what it is', async (name, content, type) => {
		const { id } = await putOnRecord(sandbox, { name, content });
		const { headers } = await open(`/files/${id}`);
		expect(headers['content-type']).toBe(type);
		expect(headers['content-disposition']).toBe(`inline; filename*=UTF-8''${name}`);
		expect(headers['x-content-type-options']).toBe('nosniff');
		expect(headers['content-security-policy']).toBe("default-src 'none'; sandbox");
	});

	it.each([
		'evil.example',
		'evil.example:80',
		'127.0.0.1',
		'127.0.0.1:1',
		'localhost.evil.example',
	])('shows nothing to a browser that came by the name %s', async (host) => {
		const { id } = await putOnRecord(sandbox, { name: 'a.pdf', content: '%PDF' });
		for (const path of ['/', `/files/${id}`]) {
			const { status, text } = await open(path, { host });
			expect([status, text]).toEqual([403, 'Open this page as 127.0.0.1 or localhost.\n']);
		}
	});

	it('opens as localhost, too', async () => {
		const { port } = new URL(sandbox.proxyUrl);
		expect((await open('/', { host: `localhost:${port}` })).status).toBe(200);
	});

	// On Linux, 127.0.0.2 is another address of this machine, too.
	it('is open at other addresses only if told so, and then still to no other name', async () => {
		const at = ({ proxyUrl }: { proxyUrl: string }) => proxyUrl.replace('127.0.0.1', '127.0.0.2');
		await expect(fetch(at(sandbox))).rejects.toThrow('fetch failed');
		const inContainer = await startSandbox({ address: '0.0.0.0' });
		expect((await fetch(at(inContainer))).status).toBe(403);
		expect((await fetch(inContainer.proxyUrl)).status).toBe(200);
		await inContainer.close();
	});

	it('can only be read, and has nothing elsewhere', async () => {
		expect((await open('/', {}, 'POST')).status).toBe(405);
		for (const path of ['//', '/?', '/files/1', '/files/', '/../etc/passwd', '/%', '/files/%00'])
			expect([path, (await open(path)).status]).toEqual([path, path === '/?' ? 200 : 404]);
	});

	it('is not among the requests that the sandbox has recorded', async () => {
		await open();
		expect(sandbox.requests).toEqual([]);
	});
});

describe('A search on the front desk’s page', () => {
	it.each([
		['zoe', ['Zoë O&#39;Hara', 'Zoe O’Hara', 'Zoë O&#39;Hara (double)']],
		[' NUNEZ', ['José María Núñez-Quist']],
		['misaki', ['美咲 田中']],
		['田中', ['美咲 田中']],
		['כהן', ['יעל כהן']],
		['ليلى', ['ليلى الحسيني']],
		['yael@mail', ['יעל כהן']],
		[SANDBOX_OTHER_PATIENT_ID, ['Zoe O’Hara']],
		['nobody', []],
	])('for %j finds %j', async (what, names) => {
		expect(patientsOn(await search(what))).toEqual(names);
	});

	it.each(['הפניה לאורתופד.pdf', 'تقرير طبي.pdf', '紹介状（田中）.pdf', 'が.pdf'.normalize('NFD')])(
		'finds the file %s and leaves out the patient’s others',
		async (name) => {
			await putOnRecord(sandbox, { name, content: '%PDF' });
			await putOnRecord(sandbox, { name: 'another.pdf', content: '%PDF' });
			const page = await search(name.normalize('NFC').slice(0, -4));
			expect(patientsOn(page)).toEqual(['Zoë O&#39;Hara']);
			expect(page.text).toContain(`<span dir="auto">${name}</span>`);
			expect(page.text).not.toContain('another.pdf');
		},
	);
});
