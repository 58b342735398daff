import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import { isClinikoRecord } from '../records/clinikoRecord';
import { connect } from '../transport/n8n';

/**
 * Fills the list in which an attachment is picked: newest first, those of the patient if one is chosen,
 * and by what their file name holds.
 *
 * @param filter what was typed
 * @param paginationToken the page to give, as a number in text; nothing for the first
 */
export async function searchAttachments(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
): Promise<INodeListSearchResult> {
	const api = await connect(this);
	const page = Number(paginationToken ?? 1);
	const patientId = String(this.getNodeParameter('patientId', '', { extractValue: true }) ?? '');
	const filters = [
		...(/^\d+$/.test(patientId) ? [`patient_id:=${patientId}`] : []),
		...(filter?.trim() ? [`filename:~${filter.trim()}`] : []),
	];
	const { rows, hasMore } = await api.page(
		'patient_attachments',
		filters,
		{ action: 'look up attachments' },
		{ page: String(page), per_page: '50', sort: 'created_at:desc' },
	);
	return {
		results: rows.filter(isClinikoRecord).map(({ id, filename, created_at: created }) => ({
			name: `${String(filename ?? 'Not processed yet')} (${String(created).slice(0, 10)}, ID ${id})`,
			value: id,
		})),
		paginationToken: hasMore ? String(page + 1) : undefined,
	};
}
