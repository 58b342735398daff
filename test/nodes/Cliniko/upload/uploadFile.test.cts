import type { IHttpRequestOptions } from 'n8n-workflow';
import { uploadFile, type Upload } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import { FakeCliniko, freshRecord, rejection, reply } from '../connection.cts';

const PATIENT = '9007199254740993';

const upload: Upload = {
	itemIndex: 0,
	patientId: PATIENT,
	description: 'Referral',
	file: {
		name: 'Referral.pdf',
		contentType: 'application/pdf',
		size: 4,
		open: async () => await Promise.resolve(Buffer.from('%PDF')),
	},
};

describe('An upload', () => {
	const steps = (s3: { status: number; body: string }) => {
		const log: string[] = [];
		const cliniko = new FakeCliniko(({ method, path }) => {
			log.push(`${method} ${path}`);
			return method === 'GET'
				? { url: 'https://files.s3.amazonaws.com', fields: { key: 'temp/x/${filename}' } }
				: reply(201, freshRecord('77', PATIENT));
		});
		const sendToS3 = async ({ method, url }: IHttpRequestOptions) => {
			log.push(`${method} ${url}`);
			return await Promise.resolve(reply(s3.status, s3.body));
		};
		return { log, cliniko, result: uploadFile(cliniko.api, sendToS3, upload) };
	};

	it('takes three steps, of which the first and the last are for the same patient', async () => {
		const { log, cliniko, result } = steps({
			status: 201,
			body: '<PostResponse><Key>temp/x/Referral.pdf</Key></PostResponse>',
		});

		expect(await result).toEqual(freshRecord('77', PATIENT));
		expect(log).toEqual([
			`GET /patients/${PATIENT}/attachment_presigned_post`,
			'POST https://files.s3.amazonaws.com/',
			'POST /patient_attachments',
		]);
		expect(cliniko.sent[1]?.body).toEqual({
			patient_id: PATIENT,
			upload_url: 'https://files.s3.amazonaws.com/temp/x/Referral.pdf',
			description: 'Referral',
		});
	});

	it('creates no record for a file that S3 did not take', async () => {
		const { log, result } = steps({
			status: 403,
			body: '<Error><Code>AccessDenied</Code></Error>',
		});

		expect((await rejection(result)).message).toContain('AccessDenied');
		expect(log).toHaveLength(2);
	});
});
