import type { Resource } from '../operation';
import { archive } from './archive';
import { download } from './download';
import { get } from './get';
import { getMany } from './getMany';
import { update } from './update';
import { upload } from './upload';

export const patientAttachment: Resource = {
	name: 'Patient Attachment',
	value: 'patientAttachment',
	defaultOperation: 'upload',
	operations: [upload, download, getMany, get, update, archive],
};
