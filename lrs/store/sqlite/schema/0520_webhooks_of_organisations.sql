CREATE INDEX webhook_organisation ON webhook (organisation, id);
