import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
} from 'n8n-workflow';

import { multipartForm } from '../../nodes/Cliniko/transport/s3/multipart';

const API = 'https://api.au1.cliniko.com/v1';

interface PresignedPost {
	url: string;
	fields: Record<string, string>;
}

/**
 * An upload without checks, polling or retries. Its cost is n8n's: no node that uses n8n's request
 * helper can cost less.
 */
export const requests: INodeType = {
	description: {
		displayName: 'Requests',
		name: 'requests',
		group: ['transform'],
		version: 1,
		description: 'Sends the three requests of an upload',
		defaults: { name: 'Requests' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'clinikoApi', required: true }],
		properties: [{ displayName: 'Files at Once', name: 'concurrency', type: 'number', default: 4 }],
	},
	async execute(this: IExecuteFunctions) {
		const items = this.getInputData();
		const results: INodeExecutionData[] = [];
		const queue = items.entries();
		const worker = async () => {
			for (const [at, { json }] of queue) {
				results[at] = await upload(this, at, String(json.patientId));
			}
		};
		const concurrency = this.getNodeParameter('concurrency', 0) as number;
		await Promise.all(Array.from({ length: concurrency }, worker));
		return [results];
	},
};

async function upload(
	context: IExecuteFunctions,
	item: number,
	patientId: string,
): Promise<INodeExecutionData> {
	const { httpRequest, httpRequestWithAuthentication, assertBinaryData, getBinaryDataBuffer } =
		context.helpers;
	const { url, fields } = (await httpRequestWithAuthentication.call(context, 'clinikoApi', {
		url: `${API}/patients/${patientId}/attachment_presigned_post`,
		json: true,
	})) as PresignedPost;
	const { fileName, mimeType } = assertBinaryData(item, 'data');
	const content = await getBinaryDataBuffer(item, 'data');
	const form = multipartForm(fields, {
		name: fileName!,
		contentType: mimeType,
		size: content.length,
		content,
	});
	const xml = (await httpRequest({
		method: 'POST',
		url,
		headers: { 'Content-Type': form.contentType },
		body: form.body as Buffer,
		encoding: 'text',
	})) as string;
	const key = /<Key>(.*?)<\/Key>/.exec(xml)?.[1];
	const record = (await httpRequestWithAuthentication.call(context, 'clinikoApi', {
		method: 'POST',
		url: `${API}/patient_attachments`,
		body: { patient_id: patientId, upload_url: `${url}${key}` },
		json: true,
	})) as INodeExecutionData['json'];
	return { json: record, pairedItem: item };
}
