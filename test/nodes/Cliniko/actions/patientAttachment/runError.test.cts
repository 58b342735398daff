import type { IDataObject } from 'n8n-workflow';

import { runError } from '../../../../../nodes/Cliniko/actions/patientAttachment/uploadFailure.ts';
import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { UploadMemory } from '../../../../../nodes/Cliniko/once/uploadMemory.ts';
import type { Upload } from '../../../../../nodes/Cliniko/upload/upload.ts';
import type { Outcome } from '../../../../../nodes/Cliniko/upload/uploadFiles.ts';
import { uploadOf } from '../../connection.cts';

const uploads = (...names: string[]): Upload[] =>
	names.map((name, itemIndex) => uploadOf({ name }, { itemIndex, identity: name }));

describe('The error of a run', () => {
	const [a, b, c] = uploads('a.pdf', 'b.pdf', 'c.pdf') as [Upload, Upload, Upload];
	const fault = new ClinikoError('S3 has a fault.', 'Run it again later.', 503);
	/** A memory that holds these attachments, by identity. */
	const remembering = (attachments: Record<string, string> = {}) => {
		const entries = Object.entries(attachments).map(([name, id]) => [name, { attachment: id }]);
		return new UploadMemory({ uploads: Object.fromEntries(entries) as IDataObject }, 0);
	};
	const errorOf = (outcomes: Outcome[], attachments = {}) =>
		runError(outcomes, remembering(attachments));

	it('is none when every file is stored', () => {
		expect(errorOf([{ upload: a, record: { id: '77' } }])).toBeUndefined();
		expect(errorOf([])).toBeUndefined();
	});

	it('names the file, the advice and the status, and what is stored by item and id', () => {
		const { error, itemIndex } = errorOf([
			{ upload: a, record: { id: '77' } },
			{ upload: b, error: fault },
		])!;

		expect(itemIndex).toBe(1);
		expect(error.message).toBe(
			'S3 has a fault. [file "b.pdf"] 1 other file stored in this run: item 0 as attachment 77.',
		);
		expect(error.description).toBe('Run it again later.');
		expect(error.httpCode).toBe(503);
		expect(error.cause).toBeUndefined();
	});

	it('says how many others went wrong too and how many were not sent', () => {
		const { error } = errorOf([
			{ upload: a, error: fault },
			{ upload: b },
			{ upload: c, error: new Error('It may be attachment 79.') },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file failed too: item 2. 1 other file not sent.',
		);
	});

	it('counts a file as stored whose processing went wrong', () => {
		const { error } = errorOf([
			{ upload: a, error: fault },
			{ upload: b, record: { id: '78' }, error: fault },
			{ upload: c },
		])!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file stored in this run: item 1 as attachment 78. 1 other file not sent.',
		);
	});

	it.each([
		['its outcome', { record: { id: '77' } }, {}],
		['the memory', {}, { 'a.pdf': '77' }],
	])('says that its own file is stored, by %s', (_, outcome, attachments) => {
		expect(errorOf([{ upload: a, error: fault, ...outcome }], attachments)?.error.message).toBe(
			'S3 has a fault. [file "a.pdf"] The file is stored, as attachment 77.',
		);
	});

	it('does not say it twice', () => {
		const message = 'Cliniko could not read the file: attachment 77 is on the record.';
		const outcome = { upload: a, record: { id: '77' }, error: new ClinikoError(message, 'Look.') };

		expect(errorOf([outcome])?.error.message).toBe(`${message} [file "a.pdf"]`);
	});

	it('says it though the message has another number that begins alike', () => {
		const message = 'Cliniko has no patient with the ID 7701.';
		const outcome = { upload: a, record: { id: '77' }, error: new ClinikoError(message, 'Look.') };

		expect(errorOf([outcome])?.error.message).toContain('The file is stored, as attachment 77.');
	});

	it('lists files stored by an earlier attempt among those not sent this time', () => {
		const { error } = errorOf([{ upload: a, error: fault }, { upload: b }], { 'b.pdf': '78' })!;

		expect(error.message).toBe(
			'S3 has a fault. [file "a.pdf"] 1 other file stored in this run: item 1 as attachment 78.',
		);
	});

	it('is short and names no other file, however many there are', () => {
		const names = Array.from({ length: 300 }, (_, at) => `Jane Doe ${at}.pdf`);
		const outcomes = uploads(...names).map((upload, at): Outcome => {
			const record = { id: `15677890123456780${100 + at}` };
			if (at % 3 === 0) return { upload, error: fault };
			return at % 3 === 1 ? { upload, record } : { upload, record, error: fault };
		});
		const { message } = errorOf(outcomes)!.error;

		expect(message).toBe(
			'S3 has a fault. [file "Jane Doe 0.pdf"] 99 other files failed too: item 3, item 6, item 9, item 12, item 15 and 94 more. ' +
				'200 other files stored in this run: item 1 as attachment 15677890123456780101, item 2 as attachment 15677890123456780102, item 4 as attachment 15677890123456780104, item 5 as attachment 15677890123456780105, item 7 as attachment 15677890123456780107 and 195 more.',
		);
		expect(message.length).toBeLessThan(600);
		for (const name of names.slice(1)) expect(message).not.toContain(name);
	});

	it('has no advice when an error of another kind has none', () => {
		const { error } = errorOf([{ upload: a, error: new Error('Odd.') }])!;

		expect(error).toMatchObject({ message: 'Odd. [file "a.pdf"]', description: '' });
		expect(error.httpCode).toBeUndefined();
	});
});
